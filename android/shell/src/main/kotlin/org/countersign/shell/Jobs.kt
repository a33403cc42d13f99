package org.countersign.shell

import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.content.ComponentName
import android.content.Context
import android.os.Build
import org.countersign.session.RefreshJob

/** The system's scheduler: a job that comes again for as long as a session lives, and one that cannot wait. */
public class Jobs(context: Context) {
    private val scheduler = context.service<JobScheduler>()
    private val service = ComponentName(context, SyncJobService::class.java)

    /** Makes the system hold this job, or none. One that is held is left alone: to schedule it anew would push it away. */
    public fun refresh(job: RefreshJob?) {
        if (job == null) return scheduler.cancel(REFRESH)
        if (scheduler.getPendingJob(REFRESH) != null) return
        val period = job.earliestInMs.coerceAtLeast(JobInfo.getMinPeriodMillis())
        val flex = (job.latestInMs - job.earliestInMs).coerceIn(JobInfo.getMinFlexMillis(), period)
        scheduler.schedule(builder(REFRESH, job.needsNetwork).setPeriodic(period, flex).setPersisted(true).build())
    }

    /** Asks for a moment as soon as there can be one: what had to be done was more than a receiver's time. */
    public fun expedite() {
        if (scheduler.getPendingJob(EXPEDITED) != null) return
        val job = builder(EXPEDITED, needsNetwork = true)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) job.setExpedited(true)
        if (scheduler.schedule(job.build()) == JobScheduler.RESULT_FAILURE) {
            // The quota of those is used up.
            scheduler.schedule(builder(EXPEDITED, needsNetwork = true).build())
        }
    }

    private fun builder(id: Int, needsNetwork: Boolean) = JobInfo.Builder(id, service)
        .setRequiredNetworkType(if (needsNetwork) JobInfo.NETWORK_TYPE_ANY else JobInfo.NETWORK_TYPE_NONE)

    internal companion object {
        const val REFRESH = 0x0C51
        const val EXPEDITED = 0x0C52
    }
}
