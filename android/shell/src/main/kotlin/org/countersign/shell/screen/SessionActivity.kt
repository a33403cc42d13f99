package org.countersign.shell.screen

import android.content.Intent
import android.os.Bundle
import org.countersign.NodeException
import org.countersign.Payload
import org.countersign.session.CoSigner
import org.countersign.session.Screen
import org.countersign.shell.Links
import org.countersign.shell.R

/** Shows one session, and lets the user answer it. */
public class SessionActivity : CoreActivity() {
    private val page by lazy { SessionView(this, core.resources, this) }
    private var payload: Pair<String, Payload>? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(page)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        setIntent(intent)
        attempt {
            val coSigner = core.coSigner()
            coSigner.screen.value?.let { show(coSigner, it) }
        }
    }

    override suspend fun show(coSigner: CoSigner, screen: Screen) {
        val session = Links.session(intent)
        val model = session?.let { SessionModel.of(screen, it, payload(coSigner, it)) }
        if (model == null) {
            page.say(getString(R.string.screen_gone))
        } else {
            page.show(model)
        }
    }

    override fun say(fault: Exception?): Unit = page.say(fault?.let { getString(R.string.screen_refused) })

    /** It never changes: read once. */
    private suspend fun payload(coSigner: CoSigner, session: String): Payload? {
        payload?.takeIf { it.first == session }?.let { return it.second }
        return try {
            coSigner.node.payload(session).also { payload = session to it }
        } catch (_: NodeException.Unknown) {
            null
        }
    }
}
