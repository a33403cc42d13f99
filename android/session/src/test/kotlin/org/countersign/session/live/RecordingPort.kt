package org.countersign.session.live

import org.countersign.PlannedNotification
import org.countersign.session.Held
import org.countersign.session.NotificationPort
import org.countersign.session.Operation
import org.countersign.session.applied
import java.util.concurrent.CopyOnWriteArrayList

/** A system that does what it is told, and remembers it. */
internal class RecordingPort(private val placeOf: (PlannedNotification) -> String = PlannedNotification::slot) : NotificationPort {
    val operations = CopyOnWriteArrayList<Operation>()

    @Volatile
    var held = Held()
        private set

    override suspend fun held() = held

    override suspend fun apply(operation: Operation) {
        operations += operation
        held = held.applied(operation, placeOf)
    }
}
