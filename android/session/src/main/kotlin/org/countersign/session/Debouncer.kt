package org.countersign.session

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import org.countersign.NodeException

/**
 * Turns many signals into few: however many come, whoever awaits them goes on at most once a period, and never later than a period
 * after the first that is not served yet.
 */
internal class Debouncer(private val periodMs: Long, private val clock: Clock) {
    /** When the first signal came that is not served yet. */
    private val first = Channel<Long>(1, BufferOverflow.DROP_LATEST)

    /** Signals; from any thread, and returns at once. */
    fun signal() {
        first.trySend(clock.nowMs())
    }

    /** Serves signals until the node has stopped; [report] hears of what else goes wrong, and the next signal tries again. */
    suspend fun serve(report: (Exception) -> Unit, work: suspend () -> Unit) {
        while (true) {
            await()
            try {
                work()
            } catch (_: NodeException.Stopped) {
                return
            } catch (cancelled: CancellationException) {
                throw cancelled
            } catch (fault: Exception) {
                report(fault)
            }
        }
    }

    /** Waits for a signal, and a period from then on; what has been signalled by its end is served. */
    suspend fun await() {
        val since = first.receive()
        delay(since + periodMs - clock.nowMs())
        first.tryReceive()
    }
}
