package org.countersign.sample

import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import org.countersign.Outcome
import org.countersign.session.CoSigner
import org.countersign.session.Screen
import org.countersign.session.SessionCard
import org.countersign.session.WalletCard
import org.countersign.shell.screen.ParticipantRowView

/** Shows a wallet: who is in it, and what was or is to be signed. */
class WalletActivity : SampleActivity() {
    private val wallet by lazy { intent.getStringExtra(Screens.WALLET) }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.wallet)
        findViewById<Button>(R.id.propose).setOnClickListener { wallet?.let { startActivity(Screens.propose(this, it)) } }
    }

    override suspend fun show(coSigner: CoSigner, screen: Screen) {
        val card = screen.wallets.find { it.id == wallet }
        findViewById<View>(R.id.propose).showIf(card != null)
        // Made a moment ago, it may come late.
        complain(if (card == null) getString(R.string.wallet_gone) else null)
        if (card != null) show(card, screen.sessions.filter { it.wallet == card.id })
    }

    private fun show(card: WalletCard, sessions: List<SessionCard>) {
        findViewById<TextView>(R.id.name).text = card.name
        val people = findViewById<LinearLayout>(R.id.people)
        people.list(card.rows, { ParticipantRowView(this, core.resources, ::act) }, ParticipantRowView::show)
        findViewById<View>(R.id.nothing).showIf(sessions.isEmpty())
        findViewById<LinearLayout>(R.id.sessions).list(sessions.sortedBy { it.greyed }, ::button, ::show)
    }

    private fun show(button: Button, session: SessionCard) {
        val message = session.message.resolve(core.resources)
        val words = session.proposal.words
        button.text = if (words.isEmpty()) message else getString(R.string.wallet_session, message, Name.isolate(Name.clean(words)))
        val isSigned = session.outcome is Outcome.Completed
        button.setOnClickListener { if (isSigned) startActivity(Screens.signed(this, session.id)) else open(session.id) }
    }
}
