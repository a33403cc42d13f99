package org.countersign.shell.screen

import android.app.Activity
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.launch
import org.countersign.Action
import org.countersign.DeclineReason
import org.countersign.NextAction
import org.countersign.SessionId
import org.countersign.session.CoSigner
import org.countersign.session.ParticipantRow
import org.countersign.session.Remedy
import org.countersign.session.RowAction
import org.countersign.session.Screen
import org.countersign.shell.CoreHolder
import org.countersign.shell.Links
import org.countersign.shell.PrivacyGuard
import org.countersign.shell.SigningForegroundService
import org.countersign.shell.core

/** A screen that shows what the core says, and takes to the core what the user wants. */
public abstract class CoreActivity : Activity(), ScreenListener {
    private var scope: CoroutineScope? = null
    private val remedies by lazy { Remedies(this) }

    /** The core of the process. */
    protected val core: CoreHolder get() = core()

    /** Shows it. */
    protected abstract suspend fun show(coSigner: CoSigner, screen: Screen)

    /** Says what went wrong, or `null`: that nothing does. */
    protected abstract fun say(fault: Exception?)

    override fun onStart() {
        super.onStart()
        PrivacyGuard.cover(this)
        scope = CoroutineScope(SupervisorJob() + Dispatchers.Main.immediate)
        attempt {
            val coSigner = core.coSigner()
            coSigner.keeper.signal()
            coSigner.screen.filterNotNull().collect { show(coSigner, it) }
        }
    }

    override fun onStop() {
        scope?.cancel()
        scope = null
        super.onStop()
    }

    override fun onRequestPermissionsResult(code: Int, permissions: Array<String>, results: IntArray) {
        remedies.answered(results)
        attempt { core.coSigner().keeper.signal() }
    }

    /** Does something while the screen is seen. */
    protected fun attempt(work: suspend () -> Unit) {
        scope?.launch {
            try {
                say(null)
                work()
            } catch (cancelled: CancellationException) {
                throw cancelled
            } catch (fault: Exception) {
                say(fault)
            }
        }
    }

    override fun open(session: SessionId): Unit = startActivity(Links.open(this, session))

    override fun answer(session: SessionId, action: Action): Unit = attempt {
        val node = core.coSigner().node
        when (action) {
            Action.APPROVE -> approve(session)
            Action.REJECT -> node.decline(session, DeclineReason.USER)
            Action.EXTEND -> node.extend(session, null)
            Action.VIEW, Action.DISMISS -> Unit
        }
    }

    override fun proceed(session: SessionId, action: NextAction): Unit = attempt {
        val node = core.coSigner().node
        when (action) {
            NextAction.UNLOCK -> approve(session)
            NextAction.CONNECT -> node.connect(null)
            NextAction.AGREE_TO_EXTENSION -> node.extend(session, null)
            NextAction.SET_CLOCK -> remedies.setClock()
            NextAction.ANSWER, NextAction.OPEN, NextAction.WAIT -> Unit
        }
    }

    /** The one place where the user's yes becomes the core's. */
    private suspend fun approve(session: SessionId) {
        core.coSigner().node.approve(session)
        SigningForegroundService.start(this, session)
    }

    override fun act(row: ParticipantRow, action: RowAction): Unit = attempt {
        val node = core.coSigner().node
        when (action) {
            RowAction.CONNECT, RowAction.RETRY -> node.connect(row.key)
            RowAction.CANCEL -> node.stopConnecting(row.key)
            RowAction.INVITE -> node.status().card?.let(remedies::share)
            RowAction.NUDGE -> remedies.share(getString(org.countersign.shell.R.string.screen_nudge_words))
        }
    }

    override fun remedy(remedy: Remedy): Unit = attempt {
        val node = core.coSigner().node
        when (remedy) {
            Remedy.INVITE -> node.status().card?.let(remedies::share)
            Remedy.CONNECT -> node.connect(null)
            else -> remedies.open(remedy)
        }
    }
}
