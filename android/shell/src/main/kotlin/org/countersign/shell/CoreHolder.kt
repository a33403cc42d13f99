package org.countersign.shell

import android.app.Application
import android.content.Context
import android.provider.Settings
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.countersign.Capabilities
import org.countersign.Config
import org.countersign.SliceRequest
import org.countersign.Trigger
import org.countersign.session.CoSigner
import org.countersign.session.ResourcePort
import org.countersign.session.Shell

/** The core of the process, and all that keeps it and Android together. */
public class CoreHolder(private val app: Application, private val settings: CoreSettings) {
    private val fault = CoroutineExceptionHandler { _, fault -> if (fault is Exception) settings.report(fault) else throw fault }
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default + fault)
    private val turn = Mutex()
    private val current = MutableStateFlow<Opening>(Opening.Pending)

    /** The app's texts. */
    public val resources: ResourcePort = AndroidResources(app)

    /** The system's notifications. */
    public val notifications: NotificationManagerPort = NotificationManagerPort(app, resources)

    /** The system's scheduler. */
    public val jobs: Jobs = Jobs(app)

    private val alarms = AlarmManagerPort(app)
    private val wakes = WakeKeeper(app, alarms, jobs, AndroidClock)
    private val network = DefaultNetworkPort(app)

    /** Who sees the app. */
    internal val attention = Attention(::attentionChanged)

    /** What the user lets the app do. */
    public val permissions: Permissions = Permissions(app, notifications, alarms)

    /** How far it is opened. */
    public val opening: StateFlow<Opening> = current.asStateFlow()

    /** Begins: the core is opened off the main thread, and follows the app's life from now on. */
    public fun start() {
        app.registerActivityLifecycleCallbacks(attention)
        launch { coSigner() }
    }

    /** Returns the core once it is open. */
    public suspend fun coSigner(): CoSigner = turn.withLock {
        (current.value as? Opening.Open)?.coSigner ?: try {
            open().also(::follow)
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (fault: Exception) {
            current.value = Opening.Failed(fault)
            throw fault
        }
    }

    /** Stops everything; for tests, and for an app that lets its user leave. */
    public suspend fun close() {
        app.unregisterActivityLifecycleCallbacks(attention)
        network.stop()
        scope.coroutineContext.job.cancelAndJoin()
        (current.value as? Opening.Open)?.coSigner?.close()
        current.value = Opening.Pending
    }

    /** Runs something beside whoever asks, for as long as the core lives. */
    public fun launch(work: suspend () -> Unit): Job = scope.launch { work() }

    /** Deals with what the system woke us for. */
    internal suspend fun woken(wake: Wake, inexact: Boolean) {
        when (wake) {
            Wake.ALARM -> wakes.fired(inexact)
            Wake.BOOTED, Wake.REPLACED, Wake.EXACT_ALARMS -> wakes.forget()
            Wake.CLOCK, Wake.ZONE, Wake.LOCALE -> notifications.outdate()
        }
        if (wake == Wake.ALARM) moment(Trigger.ALARM, SLICE_MS) else settle()
    }

    /** Uses a moment that the system grants; returns whether every co-signer was asked. */
    internal suspend fun moment(trigger: Trigger, budgetMs: ULong): Boolean {
        val coSigner = coSigner()
        // What is due is shown before anybody is dialled.
        settle()
        val report = coSigner.lifecycle.slice(SliceRequest(trigger, budgetMs, networkAllowed = true))
        settle()
        return report?.done ?: true
    }

    /** Reports that the system took a moment back, and why by its own numbers. */
    internal fun stopped(reason: Int): Unit = settings.report(MomentTaken(reason))

    /** Makes the system equal to the plan: notifications, alarm and job. */
    internal suspend fun settle() {
        val coSigner = coSigner()
        coSigner.lifecycle.settle()
        coSigner.keeper.signal()
        coSigner.keeper.settle()
        arm(coSigner)
    }

    private suspend fun arm(coSigner: CoSigner) = wakes.arm(coSigner.node.wakePlan(), attention.isPaid())

    private suspend fun open(): CoSigner {
        val shell = Shell(
            vault = settings.vault ?: KeystoreVault(app, BiometricPresence(resources, attention::activity)),
            capabilities = Capabilities(maxPending = MOST_NOTIFICATIONS, canPreschedule = false, liveUpdate = true),
            notifications = notifications,
            resources = resources,
            clock = AndroidClock,
            lan = NsdDiscovery(app, ::openCoSigner, ::launch).takeIf { settings.nearby },
            report = settings.report,
        )
        return CoSigner.open(config(app, settings), shell)
    }

    private fun follow(coSigner: CoSigner) {
        current.value = Opening.Open(coSigner)
        attend(coSigner)
        network.start(coSigner.network::take)
        launch { coSigner.lifecycle.standing.collect { settle() } }
    }

    private fun openCoSigner() = (current.value as? Opening.Open)?.coSigner

    private fun attentionChanged() {
        openCoSigner()?.let(::attend)
    }

    /** From the thread that opens and from the main one. */
    private fun attend(coSigner: CoSigner) = attention.tell { isPaid ->
        if (isPaid) coSigner.lifecycle.foreground() else coSigner.lifecycle.background(GRACE_MS)
    }

    private companion object {
        /** Fewer than the system keeps of an app. */
        const val MOST_NOTIFICATIONS = 50uL

        /** How long it may take to leave. */
        const val GRACE_MS = 4_000uL

        /** Of a receiver's time the part that is for the network. */
        const val SLICE_MS = 6_000uL

        fun config(context: Context, settings: CoreSettings) = Config(
            journal = context.noBackupFilesDir.resolve("countersign.db").path,
            listen = settings.listen,
            relays = settings.relays,
            boot = Settings.Global.getInt(context.contentResolver, Settings.Global.BOOT_COUNT, 0).takeIf { it > 0 }?.toString(),
        )
    }
}
