package org.countersign.sample

import android.content.Intent
import android.net.Uri
import android.os.BadParcelableException
import android.os.Bundle
import kotlinx.coroutines.runBlocking
import org.countersign.shell.Peer
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import kotlin.random.Random

/** What other apps send: a card fills in the form, and whatever it is, nothing is added without a touch. */
internal class SentTest : SampleTest() {
    private val dice = Random(seed = 11)

    private fun odd(): Intent = Intent(app, AddCardActivity::class.java).apply {
        action = ACTIONS.random(dice)
        data = DATA.random(dice)?.let(Uri::parse)
        for (key in EXTRAS) {
            when (dice.nextInt(8)) {
                0 -> putExtra(key, TEXTS.random(dice))
                1 -> putExtra(key, dice.nextInt())
                2 -> putExtra(key, dice.nextBytes(dice.nextInt(5_000)))
                3 -> putExtra(key, Bundle().apply { putString("a", "b") })
                4 -> putExtra(key, arrayListOf(TEXTS.random(dice)))
                5 -> putExtra(key, android.text.SpannableString(TEXTS.random(dice)))
                6 -> putExtra(key, Uri.parse("countersign:A"))
                else -> Unit
            }
        }
    }

    @Test
    fun `odd intents fall over nothing, and add nothing`() {
        launch("Me")
        repeat(120) {
            Robolectric.buildActivity(AddCardActivity::class.java, odd()).use { controller ->
                val screen = controller.setup().get()
                assertFalse(screen.isFinishing)
                assertTrue(screen.see(R.id.text).length <= 4_000)
                if (it % 10 == 0) controller.recreate()
            }
        }
        assertEquals(emptyList<Contact>(), Contacts(app).all())
        assertTrue(runBlocking { node.status() }.wallets.isEmpty())
    }

    @Test
    fun `what cannot be unpacked is nothing`() {
        // Android before 13 unpacks all at once, whichever extra it is asked for.
        val intent = object : Intent(ACTION_SEND) {
            override fun getCharSequenceExtra(name: String): CharSequence = throw BadParcelableException("a class that only its sender has")
        }
        assertNull(CardText.sent(intent))
    }

    @Test
    fun `a card that is shared, selected or seen by a camera is shown first, and added when the user says so`() {
        launch("Me")
        val card = runBlocking { Peer.card(peer().node, "Ada") }
        val sent = listOf(
            Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, card),
            Intent(Intent.ACTION_PROCESS_TEXT).setType("text/plain").putExtra(Intent.EXTRA_PROCESS_TEXT, card),
            Intent(Intent.ACTION_VIEW, Uri.parse(card)),
        )
        for (intent in sent) {
            val found = app.packageManager.queryIntentActivities(intent.setPackage(app.packageName), 0).single()
            assertEquals(AddCardActivity::class.java.name, found.activityInfo.name)
            val screen = open(AddCardActivity::class.java, intent).get()
            assertTrue(screen.see(R.id.whose), "Ada" in screen.see(R.id.whose))
            assertEquals(emptyList<Contact>(), Contacts(app).all())
        }
        val screen = open(AddCardActivity::class.java, sent.first()).get()
        screen.touch(R.id.add)
        until("it is added") { screen.isFinishing }
        assertEquals(listOf("Ada"), Contacts(app).all().map { it.name })
    }

    @Test
    fun `what the user has written is not lost to what was sent`() {
        val intent = Intent(app, AddCardActivity::class.java).setAction(Intent.ACTION_SEND).putExtra(Intent.EXTRA_TEXT, KnownCard.TEXT)
        val controller = open(AddCardActivity::class.java, intent)
        controller.get().write(R.id.text, "other")
        controller.recreate()
        assertEquals("other", controller.get().see(R.id.text))
        assertNull(CardText.sent(Intent(Intent.ACTION_MAIN).putExtra(Intent.EXTRA_TEXT, KnownCard.TEXT)))
    }

    private companion object {
        val ACTIONS = listOf(null, "", Intent.ACTION_SEND, Intent.ACTION_PROCESS_TEXT, Intent.ACTION_VIEW, Intent.ACTION_SEND_MULTIPLE, Intent.ACTION_MAIN)
        val EXTRAS = listOf(Intent.EXTRA_TEXT, Intent.EXTRA_PROCESS_TEXT, Intent.EXTRA_STREAM, "wallet", "session")
        val TEXTS = listOf("", "\u0000", "a".repeat(100_000), KnownCard.TEXT, "countersign:", "countersign:" + "A".repeat(50_000), "\uD800", "%s%n")
        val DATA = listOf(null, "countersign:", "countersign:A", KnownCard.TEXT, "countersign://session/ab", "content://x/y", "mailto:a@b", "countersign:%00")
    }
}
