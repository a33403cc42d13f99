package org.countersign.shell

import android.app.Activity
import android.content.Intent
import android.net.Uri
import kotlinx.coroutines.runBlocking
import org.countersign.shell.screen.SessionActivity
import org.countersign.shell.screen.SessionListActivity
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Test
import org.robolectric.Robolectric
import kotlin.random.Random

/** Intents that were made up: nothing falls over, nothing is signed, and nothing is put away. */
internal class BadIntentsTest : AndroidTest() {
    private val dice = Random(seed = 7)

    private fun odd(session: String): Intent = Intent().apply {
        action = ACTIONS.random(dice)
        data = DATA.random(dice)?.replace("SESSION", session)?.let(Uri::parse)
        if (dice.nextBoolean()) putExtra("inexact", "not a boolean")
        if (dice.nextBoolean()) putExtra("session", dice.nextInt())
        if (dice.nextBoolean()) putExtra("extra", ByteArray(dice.nextInt(5_000)))
    }

    @Test
    fun `receivers, screens and services take what comes`() {
        val (peer, wallet) = meet()
        val session = runBlocking { peer.propose(wallet) }
        until("the request") { shown()?.channelId == "countersign.requests" }
        val asked = app.vault.asked.size
        repeat(200) {
            val intent = odd(session)
            WakeReceiver().onReceive(app, intent)
            NotificationActionReceiver().onReceive(app, intent)
        }
        repeat(10) {
            for (screen in listOf(SessionActivity::class.java, SessionListActivity::class.java)) open(screen, odd(session))
            Robolectric.buildService(SigningForegroundService::class.java, odd(session)).create().startCommand(0, it).destroy()
        }
        until("all is dealt with") {
            app.core.settle()
            true
        }
        assertNotNull(shown())
        assertEquals(session, runBlocking { Peer.pending(node.status()) })
        assertEquals(asked, app.vault.asked.size)
        assertEquals(emptyList<Exception>(), app.faults)
    }

    @Test
    fun `an address that is none of ours opens no session`() {
        for (data in DATA.filterNotNull() - "countersign://session/SESSION") {
            assertNull(data, Links.session(Intent().setData(Uri.parse(data))))
        }
        assertNull(Links.session(null))
        assertEquals("ab".repeat(32), Links.session(Links.open(app, "ab".repeat(32))))
    }

    private fun <T : Activity> open(screen: Class<T>, intent: Intent) {
        Robolectric.buildActivity(screen, intent).use { it.setup() }
    }

    private companion object {
        val ACTIONS = Wake.entries.map { it.action } + listOf(
            null, "", "org.countersign.shell.DISMISS", "org.countersign.shell.CONNECT", "org.countersign.shell.APPROVE", Intent.ACTION_VIEW,
        )
        val DATA = listOf(
            null, "countersign://session/SESSION", "countersign://session/SESSION/approve", "countersign://session", "countersign:session",
            "countersign://session/../../etc", "countersign://session/%00", "countersign://other/ab", "https://session/ab", "mailto:a@b",
            "countersign-notification:", "countersign-notification:s1:request", "countersign-notification:SESSION", "tel:1",
            "countersign-notification:s${"f".repeat(32)}:request", "countersign-notification:s${"f".repeat(32)}:warning99999999999999999999",
            "countersign://session/" + "a".repeat(10_000), "countersign://session/ab",
        )
    }
}
