package org.countersign.shell

import android.app.AlarmManager
import android.app.Notification
import android.content.ComponentCallbacks2
import android.content.Intent
import android.os.PowerManager
import android.os.SystemClock
import kotlinx.coroutines.runBlocking
import org.countersign.session.RunReasons
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowAlarmManager
import java.time.Duration

/** Starts, and what the system says between them. */
internal class WakingTest : AndroidTest() {
    @Test
    fun `without a session there is no alarm and no job`() {
        begin()
        rest()
        runBlocking { app.core.settle() }
        assertTrue(alarms.scheduledAlarms.isEmpty())
        assertTrue(scheduler.allPendingJobs.isEmpty())
    }

    @Test
    fun `a session is watched by one alarm and one job, and by none of them while the app is seen`() {
        session()
        val alarm = alarms.scheduledAlarms.single()
        assertEquals(AlarmManager.ELAPSED_REALTIME_WAKEUP, alarm.getType())
        val in5minutes = SystemClock.elapsedRealtime() + 300_000
        assertTrue("${alarm.triggerAtMs} is about $in5minutes", alarm.triggerAtMs in in5minutes - 20_000..in5minutes)
        assertTrue(scheduler.getPendingJob(Jobs.REFRESH)!!.isPeriodic)
        assertEquals(15 * 60_000L, scheduler.getPendingJob(Jobs.REFRESH)!!.intervalMillis)

        app.core.attention.hold(this)
        until("no alarm") { alarms.scheduledAlarms.isEmpty() && scheduler.allPendingJobs.isEmpty() }
    }

    @Test
    fun `a new process finds the session, and arms the same alarm`() {
        session()
        end()
        dropAlarms()
        begin()
        until("an alarm") { alarms.scheduledAlarms.size == 1 }
        until("the notification of the session") { notificationManager.activeNotifications.size == 1 }
    }

    @Test
    fun `after boot there is exactly one alarm`() {
        session()
        end()
        dropAlarms()
        begin()
        broadcast(Intent.ACTION_BOOT_COMPLETED)
        until("an alarm") { alarms.scheduledAlarms.size == 1 }
        runBlocking { app.core.settle() }
        assertEquals(1, alarms.scheduledAlarms.size)
    }

    @Test
    fun `after an update there is exactly one alarm`() {
        session()
        dropAlarms()
        broadcast(Intent.ACTION_MY_PACKAGE_REPLACED)
        until("an alarm") { alarms.scheduledAlarms.size == 1 }
    }

    @Test
    fun `after a stop by force the next start arms again, though the system says that it has booted`() {
        session()
        end()
        dropAlarms()
        scheduler.cancelAll()
        notificationManager.cancelAll()
        begin()
        broadcast(Intent.ACTION_BOOT_COMPLETED)
        until("an alarm and a job") { alarms.scheduledAlarms.size == 1 && scheduler.getPendingJob(Jobs.REFRESH) != null }
    }

    @Test
    fun `a wall clock that is set leaves the alarm where it is`() {
        session()
        val before = alarms.scheduledAlarms.single().triggerAtMs
        broadcast(Intent.ACTION_TIME_CHANGED)
        broadcast(Intent.ACTION_TIMEZONE_CHANGED)
        runBlocking { app.core.settle() }
        assertEquals(before, alarms.scheduledAlarms.single().triggerAtMs)
    }

    @Test
    fun `in another language what is on the screen is put up anew, in words of that`() {
        session()
        until("the notification") { shown() != null }
        RuntimeEnvironment.setQualifiers("de")
        broadcast(Intent.ACTION_LOCALE_CHANGED)
        until("German") { shown()?.extras?.getString(Notification.EXTRA_TITLE) == "Signiersitzung" }
        val channel = notificationManager.getNotificationChannel("countersign.requests")
        assertEquals("Signieranfragen", channel?.name)
    }

    @Test
    fun `in Doze the alarm goes off, and what is due is shown without a network`() {
        shadowOf(app.service<PowerManager>()).setIsDeviceIdleMode(true)
        session(lastsMs = 1_500u)
        assertTrue(alarms.scheduledAlarms.single().isAllowWhileIdle)
        Thread.sleep(1_600)
        sleep(Duration.ofHours(1))
        until("it says that it has expired") { shown()?.channelId == "countersign.expiry" }
    }

    @Test
    fun `with the battery saver on the same alarm wakes the app, and a screen says that news may be late`() {
        shadowOf(app.service<PowerManager>()).setIsPowerSaveMode(true)
        session()
        assertTrue(alarms.scheduledAlarms.single().isAllowWhileIdle)
        val reasons = runBlocking { RunReasons.of(node.status().connectivity, app.core.permissions.facts()) }
        assertTrue("$reasons", reasons.any { it.label.key == "reason_battery_saver" })
    }

    @Test
    fun `a process that the system ends for want of memory is followed by one that knows as much`() {
        session()
        app.onTrimMemory(ComponentCallbacks2.TRIM_MEMORY_BACKGROUND)
        app.onLowMemory()
        assertEquals(1, alarms.scheduledAlarms.size)
        assertEquals(1, runBlocking { node.status() }.sessions.size)
        end()
        begin()
        until("the notification") { shown() != null }
        assertEquals(1, alarms.scheduledAlarms.size)
    }

    @Test
    fun `without the permission no alarm is exact, and the countdown is the system's`() {
        ShadowAlarmManager.setCanScheduleExactAlarms(false)
        session()
        assertEquals(ShadowAlarmManager.WINDOW_HEURISTIC, alarms.scheduledAlarms.single().windowLengthMs)
        until("the notification") { notificationManager.activeNotifications.size == 1 }
        val shown = notificationManager.activeNotifications.single().notification
        assertTrue(shown.extras.getBoolean(Notification.EXTRA_SHOW_CHRONOMETER))
        assertTrue(shown.extras.getBoolean(Notification.EXTRA_CHRONOMETER_COUNT_DOWN))
        assertTrue("${shown.timeoutAfter}", shown.timeoutAfter in 560_000..600_000)
    }

    @Test
    fun `the permission is granted, and the alarm becomes exact`() {
        ShadowAlarmManager.setCanScheduleExactAlarms(false)
        session()
        ShadowAlarmManager.setCanScheduleExactAlarms(true)
        broadcast(AlarmManager.ACTION_SCHEDULE_EXACT_ALARM_PERMISSION_STATE_CHANGED)
        until("an exact alarm") { alarms.scheduledAlarms.singleOrNull()?.windowLengthMs == 0L }
    }

    @Test
    fun `the permission is taken, which ends the process, and the next one sets an inexact alarm`() {
        session()
        end()
        dropAlarms()
        ShadowAlarmManager.setCanScheduleExactAlarms(false)
        begin()
        until("an inexact alarm") { alarms.scheduledAlarms.singleOrNull()?.windowLengthMs == ShadowAlarmManager.WINDOW_HEURISTIC }
    }

    @Test
    fun `a broadcast that is none of ours wakes nothing`() {
        WakeReceiver().onReceive(app, Intent("anything"))
        assertNull(app.core.opening.value as? Opening.Open)
    }
}
