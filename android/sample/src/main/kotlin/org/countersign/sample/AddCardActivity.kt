package org.countersign.sample

import android.os.Bundle
import android.text.Editable
import android.text.TextWatcher
import android.widget.Button
import android.widget.EditText
import android.widget.TextView
import android.widget.Toast
import org.countersign.session.CoSigner
import org.countersign.session.Screen

/** Takes a co-signer's card, pasted or sent by another app; says whose it is before the user adds it. */
class AddCardActivity : SampleActivity() {
    private val text by lazy { findViewById<EditText>(R.id.text) }
    private val whose by lazy { findViewById<TextView>(R.id.whose) }
    private val add by lazy { findViewById<Button>(R.id.add) }

    override val invalid: Int = R.string.add_refused

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.add_card)
        text.addTextChangedListener(Watching())
        add.setOnClickListener { add() }
        // Made anew, the screen puts back what the user has made of it.
        text.setText(CardText.sent(intent).orEmpty())
    }

    override suspend fun show(coSigner: CoSigner, screen: Screen): Unit = Unit

    private fun claims(): CardClaims? = CardText.find(text.text.toString())?.let(CardClaims::of)

    private fun tell() {
        complain(null)
        val claims = claims()
        val words = claims?.let { getString(R.string.add_whose, Name.isolate(it.name), Name.isolate(it.shortKey)) }
        whose.say(words ?: getString(R.string.add_no_card).takeIf { text.text.isNotBlank() })
    }

    private fun add() {
        val claims = claims() ?: return whose.say(getString(R.string.add_no_card))
        val card = CardText.find(text.text.toString()) ?: return
        once(add) {
            val node = core.coSigner().node
            if (claims.key == node.status().participant) return@once complain(getString(R.string.add_own))
            val key = node.addCard(card)
            Contacts(this).add(Contact(key, claims.name))
            Toast.makeText(this, getString(R.string.add_done, Name.isolate(claims.name)), Toast.LENGTH_LONG).show()
            finish()
        }
    }

    private inner class Watching : TextWatcher {
        override fun beforeTextChanged(text: CharSequence?, start: Int, count: Int, after: Int): Unit = Unit

        override fun onTextChanged(text: CharSequence?, start: Int, before: Int, count: Int): Unit = Unit

        override fun afterTextChanged(text: Editable?): Unit = tell()
    }
}
