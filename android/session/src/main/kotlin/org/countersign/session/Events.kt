package org.countersign.session

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext
import org.countersign.KeptEvent
import org.countersign.NodeException

/**
 * Returns what the user must hear of, until the node stops. An event is dealt with once `collect`'s body has returned for it: collected
 * without a buffer in between, none is lost, and none comes again that was dealt with.
 */
public fun EventSource.events(): Flow<KeptEvent> = flow {
    while (true) {
        val event = untilStopped { nextEvent() } ?: return@flow
        emit(event)
        // Whoever is cancelled only now has dealt with it.
        withContext(NonCancellable) { untilStopped { eventHandled(event.id) } } ?: return@flow
    }
}

private suspend fun <T : Any> untilStopped(call: suspend () -> T): T? = try {
    call()
} catch (_: NodeException.Stopped) {
    null
}
