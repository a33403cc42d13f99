package org.countersign.shell

import android.content.Context
import org.countersign.WakePlan
import org.countersign.session.Alarm
import org.countersign.session.AlarmFacts
import org.countersign.session.AlarmPolicy
import org.countersign.session.Clock

/** Keeps the alarm and the job that wake the app equal to the plan. */
internal class WakeKeeper(context: Context, private val alarms: AlarmManagerPort, private val jobs: Jobs, private val clock: Clock) {
    private val fired = FiredAlarms(context, clock)
    private val buckets = StandbyBuckets(context)
    private var armed: Alarm = Alarm.None

    /** Makes them equal. */
    @Synchronized
    fun arm(wake: WakePlan, visible: Boolean) {
        val facts = AlarmFacts(visible, alarms.exactAllowed(), buckets.current(), clock.nowMs(), fired.all())
        val alarm = AlarmPolicy.alarm(wake, facts, armed)
        if (alarm != armed || alarm == Alarm.None) armed = alarms.arm(alarm)
        jobs.refresh(AlarmPolicy.job(wake, facts))
    }

    /** Notes that the alarm went off: none is set any more. */
    @Synchronized
    fun fired(inexact: Boolean) {
        armed = Alarm.None
        if (inexact) fired.add()
    }

    /** Forgets what is set: the system has dropped it, or may have. */
    @Synchronized
    fun forget() {
        armed = Alarm.None
    }
}
