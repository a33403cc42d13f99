package org.countersign.shell

import android.content.Context
import org.countersign.session.Clock

/** Remembers when inexact alarms went off: the system grants only so many. */
internal class FiredAlarms(context: Context, private val clock: Clock) {
    private val kept = context.getSharedPreferences("countersign.alarms", Context.MODE_PRIVATE)

    /** Notes that one went off now. */
    fun add() {
        val times = (all() + clock.nowMs()).takeLast(MOST)
        kept.edit().putString(TIMES, times.joinToString(" ")).apply()
    }

    /** Returns those of the last day; one that lies ahead is of before the phone was started. */
    fun all(): List<Long> {
        val now = clock.nowMs()
        return kept.getString(TIMES, null).orEmpty().split(' ').mapNotNull(String::toLongOrNull).filter { it in now - DAY_MS..now }
    }

    private companion object {
        const val TIMES = "times"
        const val DAY_MS = 86_400_000L

        /** More than any quota. */
        const val MOST = 16
    }
}
