package org.countersign.session

import org.countersign.WakePlan

/** Chooses the alarm and the job by which the system wakes the app. Housekeeping gets no alarm, and a visible app needs neither. */
public object AlarmPolicy {
    /** Returns the alarm for the next moment that the user sees something of; [armed] itself if that still does. */
    public fun alarm(wake: WakePlan, facts: AlarmFacts, armed: Alarm = Alarm.None): Alarm {
        val next = wake.next?.takeIf { it.userVisible && !facts.visible } ?: return Alarm.None
        val due = later(facts.nowMs, next.inMs)
        val soonest = maxOf(due, facts.nowMs + LEAST_AHEAD_MS)
        if (facts.exactAllowed) {
            return if (armed is Alarm.Exact && armed.triggerAtMs.stillDoes(due, soonest, facts)) armed else Alarm.Exact(soonest)
        }
        val allowed = maxOf(soonest, facts.nextInQuota())
        return if (armed is Alarm.WhileIdle && armed.triggerAtMs.stillDoes(due, allowed, facts)) armed else Alarm.WhileIdle(allowed)
    }

    /** Returns the job that asks the co-signers for news, if there is to be one. */
    public fun job(wake: WakePlan, facts: AlarmFacts): RefreshJob? = wake.refresh?.takeUnless { facts.visible }?.let {
        val earliest = later(0, it.inMs)
        RefreshJob(earliest, later(earliest, it.toleranceMs), it.needsNetwork)
    }

    /** An alarm is left alone that is not early, nor later than a new one would be: setting it anew would only push it away. */
    private fun Long.stillDoes(due: Long, wanted: Long, facts: AlarmFacts) =
        this > facts.nowMs && this in due - SLACK_MS..wanted + SLACK_MS

    private fun AlarmFacts.nextInQuota(): Long {
        val last = firedAtMs.sortedDescending().getOrNull(bucket.quota - 1) ?: return nowMs
        return last + bucket.window.inWholeMilliseconds
    }

    private fun later(fromMs: Long, inMs: ULong): Long = fromMs + inMs.coerceAtMost(FOREVER_MS.toULong()).toLong()

    /** Android sets no alarm nearer than this. */
    private const val LEAST_AHEAD_MS = 5_000L

    /** How far a time may move without the alarm being set anew. */
    private const val SLACK_MS = 1_000L

    /** More than a life; keeps sums within bounds. */
    private const val FOREVER_MS = 1L shl 52
}
