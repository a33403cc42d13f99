package org.countersign.shell

import android.app.AlarmManager
import android.content.Intent

/** Why the system wakes the app. */
internal enum class Wake(val action: String) {
    /** Our alarm. */
    ALARM("org.countersign.shell.ALARM"),

    /** The phone was started, or the app is no longer stopped by force. */
    BOOTED(Intent.ACTION_BOOT_COMPLETED),

    /** The app is another version. */
    REPLACED(Intent.ACTION_MY_PACKAGE_REPLACED),

    /** The user allows exact alarms. */
    EXACT_ALARMS(AlarmManager.ACTION_SCHEDULE_EXACT_ALARM_PERMISSION_STATE_CHANGED),

    /** The user has set the wall clock. */
    CLOCK(Intent.ACTION_TIME_CHANGED),

    /** The phone is in another zone. */
    ZONE(Intent.ACTION_TIMEZONE_CHANGED),

    /** The user speaks another language. */
    LOCALE(Intent.ACTION_LOCALE_CHANGED),
    ;

    internal companion object {
        fun of(intent: Intent): Wake? = entries.find { it.action == intent.action }
    }
}
