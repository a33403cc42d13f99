package org.countersign.sample

import android.os.Bundle
import android.widget.Button
import android.widget.EditText
import android.widget.RadioGroup
import android.widget.TextView
import org.countersign.Item
import org.countersign.Payload
import org.countersign.Taproot
import org.countersign.WalletId
import org.countersign.session.CoSigner
import org.countersign.session.Screen
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.minutes
import org.countersign.shell.R as ShellR

/** Lets the user propose something to be signed, and says who is there to sign it. */
class ProposeActivity : SampleActivity() {
    private val wallet by lazy { intent.getStringExtra(Screens.WALLET) }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.propose)
        findViewById<Button>(R.id.ask).setOnClickListener { wallet?.let(::ask) }
        findViewById<Button>(R.id.propose).setOnClickListener { wallet?.let(::propose) }
    }

    override fun onStart() {
        super.onStart()
        wallet?.let(::ask)
    }

    override suspend fun show(coSigner: CoSigner, screen: Screen): Unit = Unit

    private fun ask(wallet: WalletId) = once(findViewById(R.id.ask)) {
        val company = findViewById<TextView>(R.id.company)
        company.say(getString(R.string.propose_asking))
        var answer: String? = null
        try {
            answer = company(wallet)
        } finally {
            company.say(answer)
        }
    }

    /** Says who answers. */
    private suspend fun company(wallet: WalletId): String {
        val report = core.coSigner().node.preflight(wallet, null)
        if (report.ready) return getString(R.string.propose_ready)
        val names = report.missing.map { Name.isolate(Name.clean(it).ifEmpty { getString(ShellR.string.anonymous) }) }
        return getString(R.string.propose_missing, core.resources.list(names))
    }

    private fun propose(wallet: WalletId) {
        val payload = payload() ?: return
        once(findViewById(R.id.propose)) {
            val session = core.coSigner().node.propose(wallet, payload, lasts().inWholeMilliseconds.toULong())
            open(session)
            finish()
        }
    }

    /** Returns what is to be signed; `null` if it is nothing yet, which is said. */
    private fun payload(): Payload? {
        val value = findViewById<EditText>(R.id.value).text.toString()
        val isText = findViewById<RadioGroup>(R.id.kind).checkedRadioButtonId == R.id.text
        val digest = if (isText) Digest.ofText(value) else Digest.ofHex(value)
        val fault = when {
            digest == null -> R.string.propose_bad_hex
            isText && value.isBlank() -> R.string.propose_no_text
            isText && value.toByteArray().size > MOST_BYTES -> R.string.propose_long_text
            else -> null
        }
        complain(fault?.let(::getString))
        // It signs as the wallet itself. Its co-signers are told the text, which they can hash themselves.
        val item = digest.takeIf { fault == null }?.let { Item(it, emptyList(), Taproot.Untweaked) }
        return item?.let { Payload(listOf(it), if (isText) value else "") }
    }

    private fun lasts(): Duration = when (findViewById<RadioGroup>(R.id.lasts).checkedRadioButtonId) {
        R.id.minutes -> 5.minutes
        R.id.day -> 1.days
        else -> 1.hours
    }

    private companion object {
        /** What the core takes along as a text. */
        const val MOST_BYTES = 4096
    }
}
