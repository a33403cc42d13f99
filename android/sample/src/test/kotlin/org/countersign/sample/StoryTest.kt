package org.countersign.sample

import android.content.ClipboardManager
import android.content.ComponentName
import android.content.Intent
import android.view.View
import android.widget.CheckBox
import android.widget.RadioButton
import android.widget.TextView
import kotlinx.coroutines.runBlocking
import org.countersign.Node
import org.countersign.Outcome
import org.countersign.session.live.Bip340
import org.countersign.shell.Peer
import org.countersign.shell.screen.ParticipantRowView
import org.countersign.shell.screen.SessionActivity
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config

/** From the first launch to a signature that verifies, by what the user sees and touches; each screen is made anew in between. */
internal class StoryTest : SampleTest() {
    private val peer by lazy { peer() }

    @Test
    @Config(qualifiers = "w360dp-h720dp-xhdpi")
    fun `two phones sign, and the signature on the screen verifies`() {
        val home = launch()
        val card = nickname(home)
        takeCard(home, runBlocking { Peer.card(peer.node, "Ada") })
        val wallet = wallet(home)
        runBlocking { peer.node.createWallet("Family", listOf(peer.node.status().participant, peer.node.addCard(card))) }
        propose(wallet)
        approve()
        signature(wallet)
    }

    private fun nickname(home: ActivityController<IdentityActivity>): String {
        until("it asks for a nickname") { home.get().sees(R.id.first) }
        home.get().write(R.id.nickname, "Me")
        home.recreate()
        until("it still asks") { home.get().sees(R.id.first) }
        assertEquals("Me", home.get().see(R.id.nickname))
        home.get().touch(R.id.issue)
        until("our card") { home.get().sees(R.id.home) }
        home.recreate()
        until("our card is still there") { home.get().sees(R.id.qr) && home.get().findViewById<QrView>(R.id.qr).height > 0 }
        val read = Camera.read(home.get().findViewById(R.id.qr))
        assertEquals(runBlocking { node.status().card }, read)
        assertEquals(read, home.get().see(R.id.card))
        home.get().touch(R.id.copy)
        assertEquals(read, copied())
        home.get().touch(R.id.share)
        assertShared(home.get(), read)
        return read
    }

    private fun assertShared(home: IdentityActivity, card: String) {
        val chooser = shadowOf(home).nextStartedActivity
        val send = checkNotNull(chooser.getParcelableExtra(Intent.EXTRA_INTENT, Intent::class.java))
        assertEquals(card, send.getStringExtra(Intent.EXTRA_TEXT))
        val left = chooser.getParcelableArrayExtra(Intent.EXTRA_EXCLUDE_COMPONENTS, ComponentName::class.java).orEmpty()
        assertEquals(listOf(AddCardActivity::class.java.name), left.map { it.className })
    }

    private fun takeCard(home: ActivityController<IdentityActivity>, card: String) {
        home.get().touch(R.id.add_card)
        val screen = follow(home.get(), AddCardActivity::class.java)
        screen.get().write(R.id.text, "Here is mine: $card\nAda")
        screen.recreate()
        assertTrue(screen.get().see(R.id.whose), "\u2068Ada\u2069" in screen.get().see(R.id.whose))
        assertEquals(emptyList<Contact>(), Contacts(app).all())
        screen.get().touch(R.id.add)
        until("it is added") { screen.get().isFinishing }
        assertEquals(listOf("Ada"), Contacts(app).all().map { it.name })
    }

    private fun wallet(home: ActivityController<IdentityActivity>): ActivityController<WalletActivity> {
        home.get().touch(R.id.new_wallet)
        val form = follow(home.get(), NewWalletActivity::class.java)
        form.get().write(R.id.name, "Family")
        touch(form.get().list(R.id.contacts).single())
        form.recreate()
        assertEquals("Family", form.get().see(R.id.name))
        assertTrue((form.get().list(R.id.contacts).single() as CheckBox).isChecked)
        form.get().touch(R.id.create)
        val wallet = follow(form.get(), WalletActivity::class.java)
        wallet.recreate()
        until("its participants") { wallet.get().list(R.id.people).size == 2 }
        assertTrue(wallet.get().list(R.id.people).all { it is ParticipantRowView })
        assertFalse(wallet.get().sees(R.id.fault))
        assertEquals("Family", wallet.get().see(R.id.name))
        until("it stands at home") { home.get().list(R.id.wallets).map { (it as TextView).text.toString() } == listOf("Family") }
        return wallet
    }

    private fun propose(wallet: ActivityController<WalletActivity>) {
        wallet.get().touch(R.id.propose)
        val form = follow(wallet.get(), ProposeActivity::class.java)
        form.get().touch(R.id.text)
        form.get().touch(R.id.day)
        form.get().write(R.id.value, TEXT)
        form.recreate()
        assertEquals(TEXT, form.get().see(R.id.value))
        assertTrue(form.get().findViewById<RadioButton>(R.id.text).isChecked && form.get().findViewById<RadioButton>(R.id.day).isChecked)
        until("all are there") {
            if (form.get().findViewById<TextView>(R.id.ask).isEnabled && form.get().see(R.id.company) != READY) form.get().touch(R.id.ask)
            form.get().see(R.id.company) == READY
        }
        form.get().touch(R.id.propose)
        assertFalse("a second touch proposes it twice", form.get().findViewById<View>(R.id.propose).isEnabled)
        follow(form.get(), SessionActivity::class.java)
        val session = runBlocking { node.status() }.sessions.single()
        assertEquals(TEXT, session.text)
        assertTrue("${session.remainingMs}", session.remainingMs in 86_000_000uL..86_400_000uL)
        assertArrayEquals(Digest.ofText(TEXT), runBlocking { node.payload(session.id) }.items.single().digest)
    }

    private fun approve() {
        until("the peer is asked") { Peer.pending(peer.node.status()) != null }
        runBlocking { peer.node.approve(checkNotNull(Peer.pending(peer.node.status()))) }
        until("it is signed") { node.signed() }
    }

    private suspend fun Node.signed() = status().sessions.single().outcome is Outcome.Completed

    private fun signature(wallet: ActivityController<WalletActivity>) {
        val line = "Everything is signed: \u2068$TEXT\u2069"
        until("the list says so") { (wallet.get().list(R.id.sessions).single() as TextView).text.toString() == line }
        touch(wallet.get().list(R.id.sessions).single())
        val screen = follow(wallet.get(), SignedActivity::class.java)
        screen.recreate()
        until("the signature") { screen.get().list(R.id.signatures).size == 1 }
        val key = screen.get().see(R.id.key)
        val signature = screen.get().see(R.id.signature)
        assertEquals(runBlocking { node.status() }.wallets.single().aggregateKey, key)
        assertTrue(Bip340.verify(key.hexToByteArray(), Digest.ofText(TEXT), signature.hexToByteArray()))
        assertFalse(Bip340.verify(key.hexToByteArray(), Digest.ofText("another"), signature.hexToByteArray()))
        screen.get().touch(R.id.copy)
        assertTrue(copied(), listOf(key, signature, Digest.ofText(TEXT).toHexString()).all { it in copied() })
    }

    private fun copied() = app.getSystemService(ClipboardManager::class.java).primaryClip?.getItemAt(0)?.text.toString()

    private companion object {
        const val TEXT = "Rent for May"
        const val READY = "All co-signers answer"
    }
}
