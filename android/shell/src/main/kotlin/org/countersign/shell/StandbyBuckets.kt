package org.countersign.shell

import android.app.usage.UsageStatsManager
import android.content.Context
import android.os.Build
import org.countersign.session.StandbyBucket

/** How much the system lets the app do in the background. */
internal class StandbyBuckets(private val context: Context) {
    /** Returns the bucket that the app is in now. */
    fun current(): StandbyBucket {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P) return StandbyBucket.ACTIVE
        val bucket = context.service<UsageStatsManager>().appStandbyBucket
        return when {
            bucket <= UsageStatsManager.STANDBY_BUCKET_ACTIVE -> StandbyBucket.ACTIVE
            bucket <= UsageStatsManager.STANDBY_BUCKET_WORKING_SET -> StandbyBucket.WORKING_SET
            bucket <= UsageStatsManager.STANDBY_BUCKET_FREQUENT -> StandbyBucket.FREQUENT
            bucket <= UsageStatsManager.STANDBY_BUCKET_RARE -> StandbyBucket.RARE
            else -> StandbyBucket.RESTRICTED
        }
    }
}
