package org.countersign.session

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import org.countersign.Config
import org.countersign.KeptEvent
import org.countersign.Node
import org.countersign.NodeException

/** A running co-signer and all that keeps it and the system together. One per process. */
public class CoSigner private constructor(
    /** The core, for everything that the user does. */
    public val node: Node,
    shell: Shell,
) {
    private val core = NodeCore(node)
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val closing = Mutex()
    private val store = SessionStore(core, SessionPresenter(shell.resources), shell.clock, shell.report)

    /** What screens show; `null` until it was read. */
    public val screen: StateFlow<Screen?> = store.screen

    /** What the user must hear of; see [events] for how it is dealt with. */
    public val events: Flow<KeptEvent> = core.events()

    /** Keeps the system equal to the plan: to be told of permissions. */
    public val keeper: PlanKeeper = PlanKeeper(
        core,
        shell.notifications,
        PlanReconciler(shell.capabilities.canPreschedule, shell.placeOf),
        shell.clock,
        shell.report,
    )

    /** Takes the app's life. */
    public val lifecycle: LifecycleCoordinator = LifecycleCoordinator(core, shell.beforeSlice)

    /** Takes what the system says of its networks. */
    public val network: NetworkKeeper = NetworkKeeper(core, shell.clock, shell.report)

    private fun start(changes: Changes) {
        val work = listOf<suspend () -> Unit>(store::run, keeper::run, lifecycle::run, network::run)
        work.forEach { scope.launch { it() } }
        changes.listen {
            store.changed()
            keeper.signal()
        }
    }

    /** Stops, and returns once nothing of it runs any more. A second time it does nothing. */
    public suspend fun close(): Unit = withContext(NonCancellable) {
        closing.withLock {
            scope.coroutineContext.job.cancelAndJoin()
            if (node.uniffiIsDestroyed) return@withLock
            try {
                node.stop()
            } catch (_: NodeException.Stopped) {
                // That is what was wanted.
            } finally {
                node.destroy()
            }
        }
    }

    public companion object {
        /**
         * Opens the journal, or begins a new one, and runs; not on the caller's thread. A caller that goes away is waited for: by then
         * nothing runs.
         *
         * @throws NodeException what stands in the way; nothing runs then.
         */
        public suspend fun open(config: Config, shell: Shell): CoSigner {
            val changes = Changes()
            // Not cancellable: a node that has come to be would be lost to whoever waits for it no more, at the border as on the way here.
            val opened = withContext(NonCancellable) {
                withContext(Dispatchers.IO) {
                    CoSigner(Node.open(config, GuardedVault(shell.vault), changes, shell.lan), shell)
                }
            }
            try {
                opened.node.setCapabilities(shell.capabilities)
                currentCoroutineContext().ensureActive()
                opened.start(changes)
            } catch (fault: Throwable) {
                opened.close()
                throw fault
            }
            return opened
        }
    }
}
