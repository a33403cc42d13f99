package org.countersign.shell

import android.app.NotificationManager
import android.content.Context
import org.countersign.PlannedNotification
import org.countersign.session.Content
import org.countersign.session.Held
import org.countersign.session.NotificationPort
import org.countersign.session.Operation
import org.countersign.session.ResourcePort
import java.util.concurrent.ConcurrentHashMap

/** The system's notifications: one a session, whose place is its tag. */
public class NotificationManagerPort(context: Context, resources: ResourcePort) : NotificationPort {
    private val manager = context.service<NotificationManager>()
    private val channels = Channels(context, resources)
    private val builder = NotificationBuilder(context, resources)

    /** Places whose texts are of another language or another clock. */
    private val outdated = ConcurrentHashMap.newKeySet<String>()

    init {
        channels.create()
    }

    /** Whether the user allows notifications. */
    public fun allowed(): Boolean = manager.areNotificationsEnabled()

    /** Says that the language or the wall clock is another now: what is on the screen is put up anew at the next signal. */
    public fun outdate() {
        channels.create()
        outdated += shown().keys
    }

    override suspend fun held(): Held = Held(
        shown = shown().mapValues { (place, content) ->
            if (place in outdated) content.copy(contentHash = content.contentHash.inv()) else content
        },
    )

    override suspend fun apply(operation: Operation): Unit = when (operation) {
        is Operation.Show -> put(operation.item)
        is Operation.Update -> put(operation.item)
        is Operation.TakeAway -> manager.cancel(operation.place, ID)
        // The system shows nothing at a time of its own, so it is never given anything to hold.
        is Operation.Hold, is Operation.Release -> Unit
    }

    private fun put(item: PlannedNotification) {
        if (!allowed()) throw NotificationsDenied()
        manager.notify(item.slot, ID, builder.build(item))
        outdated -= item.slot
    }

    private fun shown(): Map<String, Content> = manager.activeNotifications
        .filter { it.id == ID }
        .mapNotNull { shown -> NotificationExtras.content(shown.notification)?.let { shown.tag to it } }
        .toMap()

    internal companion object {
        /** Of every notification of the plan; the tag tells them apart. */
        const val ID = 1
    }
}
