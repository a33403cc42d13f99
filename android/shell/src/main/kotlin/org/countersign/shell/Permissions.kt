package org.countersign.shell

import android.app.ActivityManager
import android.content.Context
import android.os.Build
import android.os.PowerManager
import org.countersign.session.PlatformFacts

/** What the user and the system let the app do. */
public class Permissions internal constructor(
    private val context: Context,
    private val notifications: NotificationManagerPort,
    private val alarms: AlarmManagerPort,
) {
    /** Reads it anew. */
    public fun facts(): PlatformFacts = PlatformFacts(
        notifications = notifications.allowed(),
        background = !isRestricted(),
        exactAlarms = alarms.exactAllowed(),
        batterySaver = context.service<PowerManager>().isPowerSaveMode,
    )

    private fun isRestricted() =
        Build.VERSION.SDK_INT >= Build.VERSION_CODES.P && context.service<ActivityManager>().isBackgroundRestricted
}
