package org.countersign.shell

import android.app.job.JobParameters
import android.app.job.JobService
import android.os.Build
import kotlinx.coroutines.Job
import org.countersign.Trigger
import java.util.concurrent.ConcurrentHashMap

/** Asks the co-signers for news when the system grants a moment. */
public class SyncJobService : JobService() {
    private val running = ConcurrentHashMap<Int, Job>()

    override fun onStartJob(params: JobParameters): Boolean {
        val core = core()
        running[params.jobId] = core.launch {
            try {
                core.moment(Trigger.REFRESH, BUDGET_MS)
            } finally {
                running -= params.jobId
                // A periodic one comes again by itself, and an urgent one is not urgent a second time.
                jobFinished(params, false)
            }
        }
        return true
    }

    override fun onStopJob(params: JobParameters): Boolean {
        running.remove(params.jobId)?.cancel()
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) core().stopped(params.stopReason)
        return true
    }

    private companion object {
        const val BUDGET_MS = 30_000uL
    }
}
