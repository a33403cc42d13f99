package org.countersign.shell

import android.Manifest
import android.app.AlarmManager
import android.app.Notification
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.job.JobScheduler
import android.content.Intent
import android.net.ConnectivityManager
import android.os.SystemClock
import kotlinx.coroutines.runBlocking
import org.countersign.Node
import org.countersign.SessionId
import org.countersign.WalletId
import org.countersign.session.CoSigner
import org.countersign.session.Standing
import org.junit.After
import org.junit.Before
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowAlarmManager
import org.robolectric.shadows.ShadowLooper
import org.robolectric.shadows.ShadowNetwork
import org.robolectric.shadows.ShadowNotificationManager
import org.robolectric.shadows.ShadowSystemClock
import java.time.Duration

/** What tests on a simulated Android share. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [Config.ALL_SDKS], application = TestApp::class)
internal abstract class AndroidTest {
    val app: TestApp get() = RuntimeEnvironment.getApplication() as TestApp
    val alarmManager: AlarmManager get() = app.service()
    val alarms: ShadowAlarmManager get() = shadowOf(alarmManager)
    val notificationManager: NotificationManager get() = app.service()
    val notifications: ShadowNotificationManager get() = shadowOf(notificationManager)
    val scheduler: JobScheduler get() = app.service()
    val coSigner: CoSigner get() = (app.core.opening.value as Opening.Open).coSigner
    val node: Node get() = coSigner.node

    private val peers = mutableListOf<Peer>()

    @Before
    fun allowNotifications() {
        shadowOf(app).grantPermissions(Manifest.permission.POST_NOTIFICATIONS)
        ShadowAlarmManager.setCanScheduleExactAlarms(true)
    }

    @After
    fun leave(): Unit = runBlocking {
        app.core.close()
        peers.forEach { it.close() }
    }

    /** Starts the process, and waits until the core runs, or rests if nobody sees the app. */
    fun begin() {
        app.begin()
        until("the core is open") { app.core.opening.value is Opening.Open }
        shadowOf(app.service<ConnectivityManager>()).networkCallbacks.forEach { it.onAvailable(ShadowNetwork.newInstance(1)) }
    }

    /** Ends the process as the system does when it needs the room: nothing is told. */
    fun end(): Unit = runBlocking { app.core.close() }

    /** Begins, and meets a co-signer; the app is seen from then on. */
    fun meet(): Met {
        begin()
        see()
        val peer = runBlocking { Peer.open(app.cacheDir) }.also { peers += it }
        return Met(peer, runBlocking { Peer.meet(node, peer.node) })
    }

    /** Leaves a session of ours in the journal, with nobody seeing the app. */
    fun session(lastsMs: ULong = 600_000uL): SessionId {
        val (_, wallet) = meet()
        val session = runBlocking { node.propose(wallet, Peer.payload(), lastsMs) }
        leaveAlone()
        until("an alarm and a job") { alarms.scheduledAlarms.size == 1 && scheduler.getPendingJob(Jobs.REFRESH) != null }
        return session
    }

    /** The user looks at the app. */
    fun see() {
        app.core.attention.hold(this)
        runBlocking { coSigner.lifecycle.settle() }
        until("the core runs") { !node.status().background && node.listening().isNotEmpty() }
    }

    /** The user looks at something else. */
    fun leaveAlone() {
        app.core.attention.release(this)
        rest()
    }

    fun rest() = until("the core rests") { coSigner.lifecycle.standing.value is Standing.Resting }

    /** The phone sleeps, and is woken by what is due then. */
    fun sleep(duration: Duration) {
        ShadowSystemClock.simulateDeepSleep(duration)
        alarms.scheduledAlarms.filter { it.triggerAtMs <= SystemClock.elapsedRealtime() }.forEach(alarms::fireAlarm)
        ShadowLooper.idleMainLooper()
    }

    /** The system says something to everybody. */
    fun broadcast(action: String) = app.sendBroadcast(Intent(action).setPackage(app.packageName))

    /** What is on the screen of ours, if it is one notification. */
    fun shown(): Notification? = notificationManager.activeNotifications.singleOrNull()?.notification

    /** A co-signer, and the wallet that it shares with us. */
    data class Met(val peer: Peer, val wallet: WalletId)

    /** What the alarms that are set send. */
    @Suppress("DEPRECATION")
    fun operations(): List<PendingIntent> = alarms.scheduledAlarms.mapNotNull { it.operation }

    /** Drops every alarm, as the system does when the phone starts or the app is stopped by force. */
    fun dropAlarms() = operations().forEach(alarmManager::cancel)
}
