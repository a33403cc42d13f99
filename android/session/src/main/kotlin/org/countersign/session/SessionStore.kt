package org.countersign.session

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/**
 * Holds what screens show.
 *
 * @param report hears of what went wrong; the next change reads anew.
 */
public class SessionStore(
    private val source: StatusSource,
    private val presenter: SessionPresenter,
    private val clock: Clock,
    private val report: (Exception) -> Unit,
) {
    private val changes = Debouncer(PERIOD_MS, clock)
    private val current = MutableStateFlow<Screen?>(null)

    /** What screens show; `null` until it was read. */
    public val screen: StateFlow<Screen?> = current.asStateFlow()

    /** Says that the status has changed. From any thread, and returns at once. */
    public fun changed(): Unit = changes.signal()

    /** Works until the node stops. */
    public suspend fun run(): Unit = changes.serve(report) {
        val status = source.status()
        current.value = presenter.present(status, clock.nowMs())
    }

    private companion object {
        /** Short: the core has collected changes already. */
        const val PERIOD_MS = 50L
    }
}
