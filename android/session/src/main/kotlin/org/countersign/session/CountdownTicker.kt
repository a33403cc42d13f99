package org.countersign.session

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withTimeoutOrNull

/** Counts down to a moment of the [Clock]: whenever what is shown changes, and only while it is seen. */
public class CountdownTicker(private val clock: Clock) {
    /** Ticks until nothing is left: each second of the last ten minutes, before that each minute. */
    public fun ticks(endsAtMs: Long, visible: StateFlow<Boolean>): Flow<Tick> = flow {
        var before: Long? = null
        while (true) {
            visible.first { it }
            val leftMs = (endsAtMs - clock.nowMs()).coerceAtLeast(0)
            val shown = shown(leftMs)
            if (shown != before) emit(tick(shown, before))
            if (leftMs == 0L) return@flow
            before = shown
            withTimeoutOrNull(leftMs - changesAt(leftMs)) { visible.first { !it } }
        }
    }

    private companion object {
        const val SECOND_MS = 1_000L
        const val MINUTE_MS = 60_000L
        const val SECONDS_FROM_MS = 10 * MINUTE_MS
        val ANNOUNCED_MINUTES = listOf(1L, 2L, 5L, 10L)

        fun unit(leftMs: Long) = if (leftMs <= SECONDS_FROM_MS) SECOND_MS else MINUTE_MS

        /** What is shown, in milliseconds: whole seconds or minutes, the one that has begun counted in. */
        fun shown(leftMs: Long): Long = (leftMs + unit(leftMs) - 1) / unit(leftMs) * unit(leftMs)

        /** With how much left something else is shown. */
        fun changesAt(leftMs: Long): Long = shown(leftMs) - unit(leftMs)

        fun tick(shownMs: Long, beforeMs: Long?): Tick {
            val seconds = shownMs % MINUTE_MS / SECOND_MS
            // A tick may be late, and leave one out.
            val crossed = ANNOUNCED_MINUTES.firstOrNull { beforeMs != null && it * MINUTE_MS in shownMs until beforeMs }
            return Tick(shownMs / MINUTE_MS, seconds.takeIf { shownMs <= SECONDS_FROM_MS }, crossed)
        }
    }
}
