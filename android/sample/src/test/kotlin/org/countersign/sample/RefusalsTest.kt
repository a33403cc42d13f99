package org.countersign.sample

import android.app.Activity
import android.view.View
import android.widget.CheckBox
import kotlinx.coroutines.runBlocking
import org.countersign.Status
import org.countersign.shell.Peer
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** What the user gets wrong is said, and changes nothing. */
internal class RefusalsTest : SampleTest() {
    private fun status(): Status = runBlocking { node.status() }

    private fun Activity.untilTold(words: String) = until(words) { sees(R.id.fault) && see(R.id.fault) == words }

    @Test
    fun `no nickname, or too long a one, makes no card`() {
        val home = launch().get()
        until("it asks for a nickname") { home.sees(R.id.first) }
        val asked = app.vault.asked.size
        for ((name, words) in listOf("" to NO_NAME, " \u200F\n" to NO_NAME, "é".repeat(33) to "The name is too long")) {
            home.write(R.id.nickname, name)
            home.touch(R.id.issue)
            home.untilTold(words)
        }
        assertEquals(null, status().card)
        assertEquals(asked, app.vault.asked.size)
    }

    @Test
    fun `what is no card, and a card that is not signed, are not added`() {
        launch()
        val screen = open(AddCardActivity::class.java).get()
        screen.touch(R.id.add)
        assertEquals("This is not a card", screen.see(R.id.whose))
        for (text in listOf("hello", "countersign:A", "countersign:" + "A".repeat(500))) {
            screen.write(R.id.text, text)
            assertEquals("This is not a card", screen.see(R.id.whose))
            screen.touch(R.id.add)
            assertTrue(screen.findViewById<View>(R.id.add).isEnabled)
        }
        screen.write(R.id.text, KnownCard.TEXT.dropLast(1) + "A")
        assertTrue("Ada" in screen.see(R.id.whose))
        screen.touch(R.id.add)
        screen.untilTold("This card is not valid, or not any more: ask for a new one")
        assertFalse(screen.isFinishing)
        assertEquals(emptyList<Contact>(), Contacts(app).all())
    }

    @Test
    fun `our own card is not added`() {
        launch("Me")
        val screen = open(AddCardActivity::class.java).get()
        screen.write(R.id.text, checkNotNull(status().card))
        screen.touch(R.id.add)
        screen.untilTold("This is your own card")
        assertEquals(emptyList<Contact>(), Contacts(app).all())
    }

    @Test
    fun `a wallet without a name, or without co-signers, is not made`() {
        launch("Me")
        Contacts(app).add(Contact(KnownCard.KEY, "Ada"))
        val form = open(NewWalletActivity::class.java).get()
        form.touch(R.id.create)
        form.untilTold(NO_NAME)
        form.write(R.id.name, "Family")
        form.touch(R.id.create)
        form.untilTold("Choose at least one co-signer")
        val ada = form.list(R.id.contacts).single() as CheckBox
        assertEquals("Ada", ada.text)
        assertTrue("it looks like a box", ada.isClickable && ada.buttonDrawable != null)
        assertFalse(form.findViewById<CheckBox>(R.id.you).isEnabled)
        assertTrue(status().wallets.isEmpty())
    }

    @Test
    fun `what is not 32 bytes is not proposed, and who does not answer is named`() {
        launch("Me")
        val wallet = runBlocking {
            val ada = node.addCard(Peer.card(peer().node, "Ada"))
            node.createWallet("Family", listOf(node.status().participant, ada))
        }
        val form = open(ProposeActivity::class.java, Screens.propose(app, wallet)).get()
        for (digits in listOf("", "ab", "g".repeat(64), "ab".repeat(33))) {
            form.write(R.id.value, digits)
            form.touch(R.id.propose)
            form.untilTold("It must be 64 digits of 0 to 9 and a to f")
        }
        form.touch(R.id.text)
        for ((text, words) in listOf("" to "Write the text first", "é".repeat(2_049) to "The text is too long")) {
            form.write(R.id.value, text)
            form.touch(R.id.propose)
            form.untilTold(words)
        }
        assertTrue(status().sessions.isEmpty())
        // Ada has no card of ours: she does not let us in.
        until("who is missing") { form.see(R.id.company) == "No answer from \u2068Ada\u2069. They can sign later." }
    }

    @Test
    fun `a wallet, a proposal and a signature that are not there say so`() {
        launch("Me")
        val wallet = open(WalletActivity::class.java, Screens.wallet(app, "ab".repeat(32))).get()
        wallet.untilTold("This wallet is not here")
        assertFalse(wallet.sees(R.id.propose))
        open(SignedActivity::class.java, Screens.signed(app, "ab".repeat(32))).get().untilTold("There is no signature")
        val form = open(ProposeActivity::class.java, Screens.propose(app, "ab".repeat(32))).get()
        form.untilTold("That did not work")
        assertFalse(form.sees(R.id.company))
    }

    private companion object {
        const val NO_NAME = "Write a name first"
    }
}
