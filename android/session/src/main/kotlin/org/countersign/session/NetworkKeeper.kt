package org.countersign.session

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.update
import org.countersign.NetworkState

/**
 * Tells the core what the network is like once that has settled: a change of networks comes as several events.
 *
 * @param report hears of what went wrong; the next change is told again.
 */
public class NetworkKeeper(
    private val core: NetworkListener,
    clock: Clock,
    private val report: (Exception) -> Unit,
) {
    private val reducer = MutableStateFlow(NetworkReducer())
    private val changes = Debouncer(PERIOD_MS, clock)

    /** Takes what the system says. From any thread, and returns at once. */
    public fun take(event: NetworkEvent) {
        reducer.update { it.after(event) }
        changes.signal()
    }

    /** Works until the node stops. */
    public suspend fun run() {
        var told: NetworkState? = null
        changes.serve(report) {
            val state = reducer.value.state
            if (state != told) core.onNetworkChanged(state)
            told = state
        }
    }

    private companion object {
        const val PERIOD_MS = 300L
    }
}
