package org.countersign.shell

import android.app.Notification
import android.app.job.JobParameters
import android.content.Intent
import kotlinx.coroutines.runBlocking
import org.countersign.session.RefreshJob
import org.countersign.session.Standing
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadow.api.Shadow

internal class ServicesTest : AndroidTest() {
    private fun job() = Robolectric.buildService(SyncJobService::class.java).create().get()

    private fun parameters(): JobParameters = Shadow.newInstanceOf(JobParameters::class.java)

    private fun signing(intent: Intent) = Robolectric.buildService(SigningForegroundService::class.java, intent).create().startCommand(0, 1)

    private fun about(session: String) = Intent(app, SigningForegroundService::class.java).putExtra("session", session)

    @Test
    fun `a job uses its moment, and says when it is done`() {
        session()
        val job = job()
        assertTrue(job.onStartJob(parameters()))
        until("it is done") { shadowOf(job).isJobFinished }
        assertFalse(shadowOf(job).isRescheduleNeeded)
        assertEquals(1, alarms.scheduledAlarms.size)
    }

    @Test
    fun `a job that is stopped ends at once, and its reason is reported`() {
        session()
        val job = job()
        job.onStartJob(parameters())
        val start = System.nanoTime()
        assertTrue(job.onStopJob(parameters()))
        assertTrue(System.nanoTime() - start < 250_000_000)
        until("the core rests") { coSigner.lifecycle.standing.value is Standing.Resting }
        assertNotNull(app.faults.find { it is MomentTaken })
    }

    @Test
    fun `what does not fit into a receiver's time is done by one job that does not wait`() {
        repeat(3) { app.core.jobs.expedite() }
        val job = checkNotNull(scheduler.allPendingJobs.single())
        assertEquals(Jobs.EXPEDITED, job.id)
        assertTrue(job.isExpedited)
    }

    @Test
    fun `with the quota of urgent jobs used up it waits as others do`() {
        shadowOf(scheduler).failExpeditedJob(true)
        app.core.jobs.expedite()
        assertFalse(scheduler.allPendingJobs.single().isExpedited)
    }

    @Test
    fun `a periodic job that is held is not pushed away`() {
        val wanted = RefreshJob(earliestInMs = 900_000, latestInMs = 1_800_000, needsNetwork = true)
        app.core.jobs.refresh(wanted)
        val held = scheduler.getPendingJob(Jobs.REFRESH)
        app.core.jobs.refresh(wanted.copy(earliestInMs = 850_000))
        assertEquals(held, scheduler.getPendingJob(Jobs.REFRESH))
        assertTrue(checkNotNull(held).isPersisted)
        app.core.jobs.refresh(null)
        assertTrue(scheduler.allPendingJobs.isEmpty())
    }

    @Test
    fun `while a signature is finished the core runs, though nobody sees the app`() {
        val (_, wallet) = meet()
        val session = runBlocking { node.propose(wallet, Peer.payload(), 600_000u) }
        until("the screen has it") { coSigner.screen.value?.sessions?.any { it.id == session } == true }
        val service = signing(about(session)).get()
        app.core.attention.release(this)
        runBlocking { coSigner.lifecycle.settle() }
        assertEquals(Standing.Running, coSigner.lifecycle.standing.value)
        assertEquals("countersign.service", (shadowOf(service).lastForegroundNotification as Notification).channelId)

        val start = System.nanoTime()
        service.onTimeout(1)
        assertTrue(shadowOf(service).isStoppedBySelf && shadowOf(service).isForegroundStopped)
        assertTrue(System.nanoTime() - start < 1_000_000_000)
        rest()
    }

    @Test
    fun `the service ends with the session`() {
        val (_, wallet) = meet()
        val session = runBlocking { node.propose(wallet, Peer.payload(), 600_000u) }
        until("the screen has it") { coSigner.screen.value?.sessions?.any { it.id == session } == true }
        val service = signing(about(session)).get()
        runBlocking { node.cancel(session) }
        until("it ends") { shadowOf(service).isStoppedBySelf }
    }

    @Test
    fun `a service that is started about nothing ends at once`() {
        begin()
        assertTrue(shadowOf(signing(Intent()).get()).isStoppedBySelf)
        val service = signing(about("no session")).get()
        until("it ends") { shadowOf(service).isStoppedBySelf }
    }
}
