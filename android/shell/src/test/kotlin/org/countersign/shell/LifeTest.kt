package org.countersign.shell

import android.app.Notification
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import java.time.Duration

/** From the real core to what the user sees. */
internal class LifeTest : AndroidTest() {
    private fun text() = shown()?.extras?.getCharSequence(Notification.EXTRA_TEXT)?.toString()

    @Test
    fun `a co-signer asks, and the user is told at once`() {
        val (peer, wallet) = meet()
        runBlocking { peer.propose(wallet) }
        until("the request") { text() == "\u2068Ada\u2069 is requesting your signature" }
        assertEquals("countersign.requests", shown()?.channelId)
    }

    @Test
    fun `who slept past two warnings is given the last of them, once`() {
        val (_, wallet) = meet()
        runBlocking {
            node.setWarnings(listOf(3_000u, 2_000u))
            node.propose(wallet, Peer.payload(), 5_000u)
        }
        leaveAlone()
        until("an alarm") { alarms.scheduledAlarms.size == 1 }
        Thread.sleep(3_200)
        sleep(Duration.ofMinutes(10))
        until("the last warning") { text() == "Signing session expires in 2 seconds" }
        assertEquals("countersign.expiry", shown()?.channelId)
    }

    @Test
    fun `who slept past the end is told so once, and not again by the next process`() {
        session(lastsMs = 1_500u)
        Thread.sleep(1_600)
        sleep(Duration.ofHours(1))
        until("the end") { text() == "A signing session has expired" }
        runBlocking { app.core.settle() }
        assertEquals(1, notifications.size())
        notificationManager.cancelAll()
        end()
        begin()
        rest()
        runBlocking { app.core.settle() }
        assertNull(shown())
        assertTrue(alarms.scheduledAlarms.isEmpty())
    }

    @Test
    fun `what is dismissed is gone, and stays so in the next process`() {
        val (peer, wallet) = meet()
        val session = runBlocking { peer.propose(wallet) }
        until("the request") { shown()?.channelId == "countersign.requests" }
        leaveAlone()
        checkNotNull(shown()?.actions?.get(1)).actionIntent.send()
        until("it is gone") { shown() == null }
        until("the core remembers") { node.status().inbox.single { it.session == session }.dismissed }
        end()
        begin()
        rest()
        runBlocking { app.core.settle() }
        assertNull(shown())
    }

    @Test
    fun `who allows no notifications is not told, and is once they are allowed`() {
        notifications.setNotificationsEnabled(false)
        val (peer, wallet) = meet()
        runBlocking { peer.propose(wallet) }
        until("the core knows") { Peer.pending(node.status()) != null }
        runBlocking { app.core.settle() }
        assertNull(shown())
        assertTrue(app.faults.all { it is NotificationsDenied })
        notifications.setNotificationsEnabled(true)
        runBlocking { app.core.settle() }
        assertNotNull(shown())
    }

    @Test
    fun `Connect from a notification asks the co-signers for news, and asks the user for no key`() {
        val (peer, wallet) = meet()
        runBlocking { node.propose(wallet, Peer.payload(), 600_000u) }
        leaveAlone()
        until("the session") { shown()?.channelId == "countersign.progress" }
        val session = runBlocking { node.status().sessions.single().id }
        until("the peer has it") { Peer.pending(peer.node.status()) == session }
        runBlocking { peer.node.approve(session) }
        val asked = app.vault.asked.size
        checkNotNull(shown()?.actions?.get(2)).actionIntent.send()
        until("the moment was used") { coSigner.node.status().sessions.single().progress.any { it.nonces } }
        runBlocking { app.core.settle() }
        assertEquals(asked, app.vault.asked.size)
    }
}
