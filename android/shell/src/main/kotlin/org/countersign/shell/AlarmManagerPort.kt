package org.countersign.shell

import android.app.AlarmManager
import android.app.PendingIntent
import android.content.Context
import android.os.Build
import org.countersign.session.Alarm

/** The system's alarms, of which we have one at most. */
public class AlarmManagerPort(private val context: Context) {
    private val manager = context.service<AlarmManager>()

    /** Whether the user allows exact alarms. */
    public fun exactAllowed(): Boolean = Build.VERSION.SDK_INT < Build.VERSION_CODES.S || manager.canScheduleExactAlarms()

    /** Sets this alarm in place of any other; returns the one that is set. */
    public fun arm(alarm: Alarm): Alarm {
        when (alarm) {
            is Alarm.None -> manager.cancel(fired(inexact = false))
            is Alarm.WhileIdle -> manager.setAndAllowWhileIdle(AlarmManager.ELAPSED_REALTIME_WAKEUP, alarm.triggerAtMs, fired(inexact = true))
            is Alarm.Exact -> return exact(alarm)
        }
        return alarm
    }

    private fun exact(alarm: Alarm.Exact): Alarm = try {
        manager.setExactAndAllowWhileIdle(AlarmManager.ELAPSED_REALTIME_WAKEUP, alarm.triggerAtMs, fired(inexact = false))
        alarm
    } catch (_: SecurityException) {
        // The user has said no just now.
        arm(Alarm.WhileIdle(alarm.triggerAtMs))
    }

    private fun fired(inexact: Boolean) = PendingIntent.getBroadcast(
        context,
        0,
        WakeReceiver.alarm(context, inexact),
        PendingIntent.FLAG_IMMUTABLE or PendingIntent.FLAG_UPDATE_CURRENT,
    )
}
