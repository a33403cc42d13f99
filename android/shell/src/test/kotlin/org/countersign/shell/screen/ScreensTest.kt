package org.countersign.shell.screen

import android.app.Activity
import android.content.Intent
import android.provider.Settings
import android.view.View
import android.view.ViewGroup
import android.view.WindowManager
import android.widget.TextView
import kotlinx.coroutines.runBlocking
import org.countersign.Outcome
import org.countersign.session.Remedy
import org.countersign.session.Standing
import org.countersign.shell.AndroidTest
import org.countersign.shell.Links
import org.countersign.shell.Peer
import org.countersign.shell.SigningForegroundService
import org.countersign.shell.until
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf

/** The screens over the real core. */
internal class ScreensTest : AndroidTest() {
    private fun View.words(): List<String> = when (this) {
        is TextView -> listOf("$text").filter { isShown }
        is ViewGroup -> (0 until childCount).flatMap { getChildAt(it).words() }
        else -> emptyList()
    }

    private fun Activity.words() = findViewById<View>(android.R.id.content).words()

    private fun Activity.touch(words: String) {
        val found = arrayListOf<View>()
        findViewById<View>(android.R.id.content).findViewsWithText(found, words, View.FIND_VIEWS_WITH_TEXT)
        assertTrue("$words in ${words()}", found.first { it.isShown }.performClick())
    }

    @Test
    fun `two nodes sign once the user approves on the screen, and then nothing is left to show`() {
        val (peer, wallet) = meet()
        val session = runBlocking { peer.propose(wallet) }
        until("the request") { shown()?.channelId == "countersign.requests" }
        val asked = app.vault.asked.size
        Robolectric.buildActivity(SessionActivity::class.java, Links.open(app, session)).use { controller ->
            val activity = controller.setup().get()
            until("it shows what is signed") { "Approve and sign" in activity.words() }
            assertTrue(activity.words().any { it.startsWith("07070707") })
            assertEquals(asked, app.vault.asked.size)
            activity.touch("Approve and sign")
            until("it is signed") { node.status().sessions.single().outcome is Outcome.Completed }
            assertTrue("${app.vault.asked}", app.vault.asked.size > asked)
            until("the screen says so") { "Everything is signed" in activity.words() }
            val started = shadowOf(activity).nextStartedService
            assertEquals(SigningForegroundService::class.java.name, started.component?.className)
        }
        until("the notification is gone") { shown() == null }
        val signature = runBlocking { peer.node.status() }.sessions.single().outcome as Outcome.Completed
        assertEquals(64, signature.signatures.size)
    }

    @Test
    fun `who declines on the screen ends it for all`() {
        val (peer, wallet) = meet()
        val session = runBlocking { peer.propose(wallet) }
        Robolectric.buildActivity(SessionActivity::class.java, Links.open(app, session)).use { controller ->
            val activity = controller.setup().get()
            until("it shows what is signed") { "Decline" in activity.words() }
            activity.touch("Decline")
            until("it is over for the proposer") { peer.node.status().sessions.single().outcome is Outcome.Declined }
        }
    }

    @Test
    fun `an address of no session says that there is none`() {
        begin()
        Robolectric.buildActivity(SessionActivity::class.java, Links.open(app, "ab".repeat(32))).use { controller ->
            val activity = controller.setup().get()
            until("it says so") { "This session is not here any more" in activity.words() }
        }
    }

    @Test
    fun `the core runs while a screen is seen, and rests soon after`() {
        begin()
        rest()
        val controller = Robolectric.buildActivity(SessionListActivity::class.java).setup()
        until("it runs") { coSigner.lifecycle.standing.value == Standing.Running }
        until("it says that there is nothing") { "Nothing to sign" in controller.get().words() }
        controller.pause().stop()
        rest()
        controller.destroy()
    }

    @Test
    fun `no screen is recorded`() {
        begin()
        Robolectric.buildActivity(SessionListActivity::class.java).use { controller ->
            val activity = controller.setup().get()
            assertNotEquals(0, activity.window.attributes.flags and WindowManager.LayoutParams.FLAG_SECURE)
        }
    }

    @Test
    fun `remedies lead to the system's own pages`() {
        val activity = Robolectric.buildActivity(Activity::class.java).setup().get()
        val remedies = Remedies(activity)
        val pages = mapOf(
            Remedy.OPEN_NETWORK_SETTINGS to Settings.ACTION_WIRELESS_SETTINGS,
            Remedy.OPEN_APP_SETTINGS to Settings.ACTION_APPLICATION_DETAILS_SETTINGS,
            Remedy.OPEN_BATTERY_SETTINGS to Settings.ACTION_BATTERY_SAVER_SETTINGS,
            Remedy.ALLOW_EXACT_ALARMS to Settings.ACTION_REQUEST_SCHEDULE_EXACT_ALARM,
            Remedy.ALLOW_NOTIFICATIONS to Settings.ACTION_APP_NOTIFICATION_SETTINGS,
        )
        for ((remedy, page) in pages) {
            remedies.open(remedy)
            assertEquals(page, shadowOf(activity).nextStartedActivity.action)
        }
        remedies.share("words")
        assertEquals(Intent.ACTION_CHOOSER, shadowOf(activity).nextStartedActivity.action)
    }
}
