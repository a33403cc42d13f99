package org.countersign.session

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.update
import org.countersign.NodeException
import org.countersign.NotificationKey

/**
 * Keeps the system equal to the plan.
 *
 * @param report hears of what went wrong; it is tried again at the next signal.
 */
public class PlanKeeper(
    private val source: PlanSource,
    private val port: NotificationPort,
    private val reconciler: PlanReconciler,
    clock: Clock,
    private val report: (Exception) -> Unit,
) {
    private val signals = Debouncer(PERIOD_MS, clock)
    private val signalled = MutableStateFlow(0L)
    private val served = MutableStateFlow(0L)

    /** Says that the plan or the system may be another now: the core has changed, a permission, or the app has started. From any thread. */
    public fun signal() {
        signalled.update { it + 1 }
        signals.signal()
    }

    /** Waits until what was signalled so far is served: the system equals the plan, or would not. */
    public suspend fun settle() {
        val last = signalled.value
        served.first { it >= last }
    }

    /** Works until the node stops; one run at a time, and at most five a second: a system drops what is more. */
    public suspend fun run() {
        var reruns = 0
        while (true) {
            signals.await()
            val last = signalled.value
            val made = makeEqual()
            if (made == Made.STOPPED) return served.emit(Long.MAX_VALUE)
            if (made == Made.STALE && reruns++ < RERUNS) {
                signals.signal()
            } else {
                reruns = 0
                served.value = last
            }
        }
    }

    private suspend fun makeEqual(): Made = try {
        val plan = source.plan()
        val operations = reconciler.reconcile(plan, port.held())
        source.ackPlan(plan.revision, operations.mapNotNull { apply(it) })
        Made.EQUAL
    } catch (_: NodeException.StalePlan) {
        Made.STALE
    } catch (_: NodeException.Stopped) {
        Made.STOPPED
    } catch (cancelled: CancellationException) {
        throw cancelled
    } catch (fault: Exception) {
        report(fault)
        Made.EQUAL
    }

    /** Does one thing, and returns the key of what could not be put up. */
    private suspend fun apply(operation: Operation): NotificationKey? = try {
        port.apply(operation)
        null
    } catch (cancelled: CancellationException) {
        throw cancelled
    } catch (fault: Exception) {
        report(fault)
        operation.item?.key
    }

    private enum class Made { EQUAL, STALE, STOPPED }

    private companion object {
        const val PERIOD_MS = 200L

        /** How often it runs again without a signal if the plan changes meanwhile. */
        const val RERUNS = 3
    }
}
