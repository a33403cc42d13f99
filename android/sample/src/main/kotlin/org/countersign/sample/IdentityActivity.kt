package org.countersign.sample

import android.content.ComponentName
import android.content.Intent
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.TextView
import kotlinx.coroutines.delay
import org.countersign.session.CoSigner
import org.countersign.session.Screen
import org.countersign.session.WalletCard
import org.countersign.shell.screen.SessionListActivity
import kotlin.time.Duration.Companion.milliseconds

/** Lets the user be called something, shows our card, and leads to everything else. */
class IdentityActivity : SampleActivity() {
    private var card: String? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.identity)
        findViewById<Button>(R.id.issue).setOnClickListener { issue() }
        findViewById<Button>(R.id.renew).setOnClickListener { renew() }
        findViewById<Button>(R.id.share).setOnClickListener { card?.let(::share) }
        findViewById<Button>(R.id.copy).setOnClickListener { card?.let(::copy) }
        findViewById<Button>(R.id.add_card).setOnClickListener { startActivity(Intent(this, AddCardActivity::class.java)) }
        findViewById<Button>(R.id.new_wallet).setOnClickListener { startActivity(Intent(this, NewWalletActivity::class.java)) }
        findViewById<Button>(R.id.sessions).setOnClickListener { startActivity(Intent(this, SessionListActivity::class.java)) }
    }

    override fun onStart() {
        super.onStart()
        attempt {
            val node = core.coSigner().node
            // What screens are told of has no card: whether it has changed is to be asked.
            while (true) {
                show(node.status().card)
                delay(LOOK)
            }
        }
    }

    override suspend fun show(coSigner: CoSigner, screen: Screen) {
        findViewById<LinearLayout>(R.id.wallets).list(screen.wallets, ::button) { button, wallet: WalletCard ->
            button.text = wallet.name
            button.setOnClickListener { startActivity(Screens.wallet(this, wallet.id)) }
        }
    }

    private fun show(card: String?) {
        this.card = card
        findViewById<View>(R.id.opening).showIf(false)
        findViewById<View>(R.id.first).showIf(card == null)
        findViewById<View>(R.id.home).showIf(card != null)
        val shown = findViewById<TextView>(R.id.card)
        // What stands there stays, and what is selected of it.
        if (card == null || "${shown.text}" == card) return
        shown.text = card
        val fits = findViewById<QrView>(R.id.qr).show(card)
        findViewById<View>(R.id.too_long).showIf(!fits)
    }

    private fun issue() {
        val nickname = findViewById<EditText>(R.id.nickname).text.toString()
        val fault = Name.fault(nickname)
        if (fault != null) return complain(getString(fault))
        once(findViewById(R.id.issue)) { core.coSigner().node.issueCard(Name.clean(nickname)) }
    }

    private fun renew() {
        val name = card?.let(CardClaims::of)?.name ?: return
        once(findViewById(R.id.renew)) { core.coSigner().node.issueCard(name) }
    }

    /** To other apps: among those that take text is this one. */
    private fun share(card: String) {
        val send = Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, card)
        val ours = arrayOf(ComponentName(this, AddCardActivity::class.java))
        startActivity(Intent.createChooser(send, null).putExtra(Intent.EXTRA_EXCLUDE_COMPONENTS, ours))
    }

    private companion object {
        val LOOK = 500.milliseconds
    }
}
