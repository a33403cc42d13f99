package org.countersign.sample

import android.content.Intent
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.CheckBox
import android.widget.EditText
import android.widget.LinearLayout
import org.countersign.ParticipantKey
import org.countersign.session.CoSigner
import org.countersign.session.Screen

/** Makes a wallet of us and of those whose cards we have. */
class NewWalletActivity : SampleActivity() {
    private val chosen = mutableSetOf<ParticipantKey>()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.new_wallet)
        savedInstanceState?.getStringArray(CHOSEN)?.let(chosen::addAll)
        findViewById<Button>(R.id.add_card).setOnClickListener { startActivity(Intent(this, AddCardActivity::class.java)) }
        findViewById<Button>(R.id.create).setOnClickListener { create() }
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putStringArray(CHOSEN, chosen.toTypedArray())
    }

    override fun onStart() {
        super.onStart()
        val contacts = Contacts(this).all()
        findViewById<View>(R.id.nobody).showIf(contacts.isEmpty())
        findViewById<LinearLayout>(R.id.contacts).list(contacts, ::box, ::offer)
    }

    override suspend fun show(coSigner: CoSigner, screen: Screen): Unit = Unit

    private fun box() = layoutInflater.inflate(R.layout.contact, null) as CheckBox

    private fun offer(box: CheckBox, contact: Contact) {
        box.text = contact.name
        box.setOnCheckedChangeListener(null)
        box.isChecked = contact.key in chosen
        box.setOnCheckedChangeListener { _, isChecked -> if (isChecked) chosen += contact.key else chosen -= contact.key }
    }

    private fun create() {
        val name = findViewById<EditText>(R.id.name).text.toString()
        val fault = Name.fault(name) ?: R.string.new_nobody.takeIf { chosen.isEmpty() }
        if (fault != null) return complain(getString(fault))
        once(findViewById(R.id.create)) {
            val node = core.coSigner().node
            val wallet = node.createWallet(Name.clean(name), chosen.toList() + node.status().participant)
            startActivity(Screens.wallet(this, wallet))
            finish()
        }
    }

    private companion object {
        const val CHOSEN = "chosen"
    }
}
