package org.countersign.session

import org.countersign.Notice
import org.countersign.PlannedWake
import org.countersign.WakePlan
import org.countersign.WakeReason
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Test

internal class AlarmPolicyTest {
    @Test
    fun `each situation has its alarm`() {
        val in4Minutes = NOW_MS + 4 * MINUTE_MS
        val table = listOf(
            Case("visible: none", facts(visible = true), 4 * MINUTE_MS, Alarm.None),
            Case("allowed: exact", facts(), 4 * MINUTE_MS, Alarm.Exact(in4Minutes)),
            Case("not allowed: while idle, no window of ten minutes", facts(exact = false), 4 * MINUTE_MS, Alarm.WhileIdle(in4Minutes)),
            Case("nothing to tell: none", facts(), null, Alarm.None),
            Case("too near: five seconds ahead", facts(), 1_200, Alarm.Exact(NOW_MS + 5_000)),
            Case("too near without permission", facts(exact = false), 0, Alarm.WhileIdle(NOW_MS + 5_000)),
        )
        for (case in table) assertEquals(case.alarm, AlarmPolicy.alarm(wake(case.inMs), case.facts), case.name)
    }

    @Test
    fun `what the user does not see of gets no alarm`() {
        val wake = wake(4 * MINUTE_MS)
        assertEquals(Alarm.None, AlarmPolicy.alarm(wake.copy(next = wake.next?.copy(userVisible = false)), facts()))
    }

    @Test
    fun `a permission that is revoked in mid-session makes the alarm inexact, and one that is granted exact`() {
        val wake = wake(4 * MINUTE_MS)
        val exact = AlarmPolicy.alarm(wake, facts())
        val inexact = AlarmPolicy.alarm(wake, facts(exact = false), armed = exact)
        assertEquals(Alarm.WhileIdle(NOW_MS + 4 * MINUTE_MS), inexact)
        assertEquals(exact, AlarmPolicy.alarm(wake, facts(), armed = inexact))
    }

    @Test
    fun `whoever has used up a quota waits for it`() {
        val table = mapOf(
            StandbyBucket.ACTIVE to (7 to HOUR_MS),
            StandbyBucket.WORKING_SET to (7 to HOUR_MS),
            StandbyBucket.FREQUENT to (2 to HOUR_MS),
            StandbyBucket.RARE to (1 to HOUR_MS),
            StandbyBucket.RESTRICTED to (1 to 24 * HOUR_MS),
        )
        for ((bucket, allowance) in table) {
            val (quota, windowMs) = allowance
            val fired = List(quota) { NOW_MS - (it + 1) * MINUTE_MS }
            fun trigger(firedAtMs: List<Long>) =
                (AlarmPolicy.alarm(wake(2 * MINUTE_MS), facts(exact = false, bucket, firedAtMs)) as Alarm.WhileIdle).triggerAtMs
            assertEquals(fired.last() + windowMs, trigger(fired.reversed()), "$bucket is full")
            assertEquals(NOW_MS + 2 * MINUTE_MS, trigger(fired.dropLast(1)), "$bucket has one left")
            assertEquals(NOW_MS + 2 * MINUTE_MS, trigger(fired.map { it - windowMs }), "$bucket is as new")
        }
    }

    @Test
    fun `exact alarms have no such quota`() {
        val fired = List(7) { NOW_MS - it }
        val facts = facts(bucket = StandbyBucket.RESTRICTED, fired = fired)
        assertEquals(Alarm.Exact(NOW_MS + MINUTE_MS), AlarmPolicy.alarm(wake(MINUTE_MS), facts))
    }

    @Test
    fun `an alarm is left alone for as long as it does`() {
        val armed = Alarm.Exact(NOW_MS + 4 * MINUTE_MS)
        fun again(dueInMs: Long) = AlarmPolicy.alarm(wake(dueInMs), facts(), armed)
        for (driftMs in listOf(-1_000L, -3, 0, 3, 1_000)) assertSame(armed, again(4 * MINUTE_MS + driftMs), "$driftMs")
        for (driftMs in listOf(-1_001L, 1_001)) assertEquals(Alarm.Exact(NOW_MS + 4 * MINUTE_MS + driftMs), again(4 * MINUTE_MS + driftMs))
    }

    @Test
    fun `an alarm that had to be put off is not put off again, however often it is looked at`() {
        var armed = AlarmPolicy.alarm(wake(2_000), facts())
        for (passedMs in 0..4_900L step 100) {
            armed = AlarmPolicy.alarm(wake(maxOf(0, 2_000 - passedMs)), facts().copy(nowMs = NOW_MS + passedMs), armed)
        }
        assertEquals(Alarm.Exact(NOW_MS + 5_000), armed)
    }

    @Test
    fun `an alarm that has gone off is set anew`() {
        val gone = Alarm.Exact(NOW_MS)
        assertEquals(Alarm.Exact(NOW_MS + 5_000), AlarmPolicy.alarm(wake(0), facts(), gone))
    }

    @Test
    fun `asking for news is a job, unless the app asks by itself`() {
        val refresh = wake(null).copy(refresh = planned(15 * MINUTE_MS, visible = false))
        assertEquals(RefreshJob(15 * MINUTE_MS, 16 * MINUTE_MS, needsNetwork = true), AlarmPolicy.job(refresh, facts()))
        assertNull(AlarmPolicy.job(refresh, facts(visible = true)))
        assertNull(AlarmPolicy.job(wake(MINUTE_MS), facts()))
    }

    private data class Case(val name: String, val facts: AlarmFacts, val inMs: Long?, val alarm: Alarm)

    private fun facts(
        exact: Boolean = true,
        bucket: StandbyBucket = StandbyBucket.ACTIVE,
        fired: List<Long> = emptyList(),
        visible: Boolean = false,
    ) = AlarmFacts(visible, exact, bucket, NOW_MS, fired)

    private fun wake(inMs: Long?) = WakePlan(revision = 1u, next = inMs?.let { planned(it, visible = true) }, refresh = null)

    private fun planned(inMs: Long, visible: Boolean) = PlannedWake(
        inMs = inMs.toULong(),
        at = 0u,
        toleranceMs = MINUTE_MS.toULong(),
        userVisible = visible,
        needsNetwork = !visible,
        reason = WakeReason.Notice("session", Notice.Expired),
    )

    private companion object {
        const val NOW_MS = 100_000_000L
        const val MINUTE_MS = 60_000L
        const val HOUR_MS = 60 * MINUTE_MS
    }
}
