package org.countersign.shell

import android.content.BroadcastReceiver
import kotlinx.coroutines.withTimeoutOrNull
import kotlin.time.Duration.Companion.seconds

/** The system gives a receiver ten seconds in Doze. */
private val TIME = 8.seconds

/** Works beside the receiver, and lets the system go on in time; what is not done by then a job does. */
internal fun BroadcastReceiver.briefly(core: CoreHolder, work: suspend () -> Unit) {
    // There is none if the system does not wait.
    val pending: BroadcastReceiver.PendingResult? = goAsync()
    core.launch {
        try {
            withTimeoutOrNull(TIME) { work() } ?: core.jobs.expedite()
        } finally {
            pending?.finish()
        }
    }
}
