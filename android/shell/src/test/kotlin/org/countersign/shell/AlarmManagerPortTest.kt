package org.countersign.shell

import android.app.AlarmManager
import org.countersign.session.Alarm
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowAlarmManager

internal class AlarmManagerPortTest : AndroidTest() {
    private val port by lazy { AlarmManagerPort(app) }

    @Test
    fun `an exact alarm wakes the phone to the millisecond, by its own clock`() {
        assertEquals(Alarm.Exact(90_000), port.arm(Alarm.Exact(90_000)))
        val alarm = alarms.scheduledAlarms.single()
        assertEquals(AlarmManager.ELAPSED_REALTIME_WAKEUP, alarm.getType())
        assertEquals(90_000, alarm.triggerAtMs)
        assertEquals(0, alarm.windowLengthMs)
        assertTrue(alarm.isAllowWhileIdle)
    }

    @Test
    fun `another alarm takes the place of the one that is set`() {
        port.arm(Alarm.Exact(90_000))
        port.arm(Alarm.WhileIdle(95_000))
        val alarm = alarms.scheduledAlarms.single()
        assertEquals(95_000, alarm.triggerAtMs)
        assertEquals(ShadowAlarmManager.WINDOW_HEURISTIC, alarm.windowLengthMs)
        assertTrue(alarm.isAllowWhileIdle)
        port.arm(Alarm.None)
        assertTrue(alarms.scheduledAlarms.isEmpty())
    }

    @Test
    fun `the alarm is an immutable broadcast to our receiver`() {
        port.arm(Alarm.Exact(90_000))
        val operation = operations().single()
        assertTrue(operation.isBroadcast && operation.isImmutable)
        assertEquals(WakeReceiver::class.java.name, shadowOf(operation).savedIntent.component?.className)
    }

    @Test
    fun `whether exact alarms are allowed is asked each time`() {
        assertTrue(port.exactAllowed())
        ShadowAlarmManager.setCanScheduleExactAlarms(false)
        assertTrue(!port.exactAllowed())
    }
}
