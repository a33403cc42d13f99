package org.countersign.shell.screen

import android.view.View
import android.view.ViewGroup
import android.view.accessibility.AccessibilityNodeInfo
import android.widget.Button
import android.widget.TextView
import org.countersign.Action
import org.countersign.NextAction
import org.countersign.session.Remedy
import org.countersign.session.RowAction
import org.countersign.shell.R
import org.countersign.shell.screen.Look.dp
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.annotation.Config

@Config(qualifiers = "w360dp-h720dp-xhdpi")
internal class ViewsTest : ScreenTest() {
    private val texts get() = app.core.resources

    private fun View.all(): List<View> = listOf(this) + if (this is ViewGroup) (0 until childCount).flatMap { getChildAt(it).all() } else emptyList()

    private fun View.words() = all().filterIsInstance<TextView>().filter { it.isShown }.map { "${it.text}" }

    private fun View.button(words: String) = all().filterIsInstance<Button>().single { it.isShown && "${it.text}" == words }

    private fun list(look: (SessionListView) -> Unit) =
        shown({ SessionListView(it, texts, listener).apply { show(Samples.screen(texts), Samples.reasons()) } }, look)

    private fun session(id: String = "aa", look: (SessionView) -> Unit) =
        shown({ SessionView(it, texts, listener).apply { show(Samples.session(texts, id)) } }, look)

    @Test
    fun `a row is one element for a screen reader, with the one thing that can be done`() {
        val row = Samples.screen(texts).wallets.single().rows[7]
        shown({ ParticipantRowView(it, texts, listener::act).apply { show(row) } }) { view ->
            assertEquals("Grace, Offline", view.contentDescription)
            val inside = view.all().drop(1).filter { it.isImportantForAccessibility && it is TextView }
            assertTrue("$inside", inside.isEmpty())
            val info = AccessibilityNodeInfo()
            view.onInitializeAccessibilityNodeInfo(info)
            assertEquals("Connect", info.actionList.single { it.id == R.id.countersign_row_action }.label)
            assertTrue(view.performAccessibilityAction(R.id.countersign_row_action, null))
            view.button("Connect").performClick()
            assertEquals(listOf<Any>("Grace" to RowAction.CONNECT, "Grace" to RowAction.CONNECT), touched)
        }
    }

    @Test
    fun `each state has the button that helps`() = session { view ->
        val wanted = mapOf("Dmitri" to RowAction.CANCEL, "Eve" to RowAction.RETRY, "Grace" to RowAction.CONNECT, "فاطمة" to RowAction.NUDGE)
        for (label in listOf("Cancel", "Retry now", "Connect", "Remind", "Invite")) view.button(label).performClick()
        assertEquals(wanted, touched.filterIsInstance<Pair<*, *>>().filter { it.first in wanted }.toMap())
        assertTrue(touched.any { it is Pair<*, *> && it.second == RowAction.INVITE })
    }

    @Test
    fun `everything that can be touched is large enough for a finger`() {
        session { view -> assertLarge(view) }
        list { view -> assertLarge(view) }
    }

    private fun assertLarge(view: View) = view.all().filter { it.isShown && it.hasOnClickListeners() }.also { assertTrue(it.size > 3) }.forEach {
        assertTrue("$it is ${it.width} x ${it.height}", it.width >= view.context.dp(48) && it.height >= view.context.dp(48))
    }

    @Test
    fun `what is signed stands apart from what its proposer says`() = session { view ->
        val words = view.words()
        assertTrue("$words", words.any { it.startsWith("07070707 07070707") && it.endsWith("m/0/5") })
        val said = words.indexOf("\u2068Ada Lovelace\u2069 says, and nobody has checked it:")
        assertEquals("Rent for May", words[said + 1])
    }

    @Test
    fun `a request is answered by a button, and by none before it is shown what is signed`() {
        session { view ->
            view.button("Approve and sign").performClick()
            view.button("Decline").performClick()
            assertEquals(listOf<Any>(Action.APPROVE, Action.REJECT), touched)
            assertTrue(view.button("Approve and sign").filterTouchesWhenObscured)
            val unread = Samples.session(texts).let { SessionModel(it.card, it.request, it.rows, payload = null) }
            view.show(unread)
            assertFalse("Approve and sign" in view.words())
        }
    }

    @Test
    fun `what keeps it from going on is named, and so is what helps`() = session("bb") { view ->
        assertTrue("Waits for the signature of \u2068Eve\u2069 and \u2068فاطمة\u2069" in view.words())
        view.button("Connect to those who are missing").performClick()
        assertEquals(listOf<Any>(NextAction.CONNECT), touched)
    }

    @Test
    fun `what is over asks nothing`() = session("cc") { view ->
        assertTrue(view.words().none { it.startsWith("Approve") || it.endsWith("left") })
    }

    @Test
    fun `the time that is left is words for a reader, and figures for eyes`() = session { view ->
        assertTrue("04:00 left" in view.words())
        val spoken = view.all().mapNotNull { it.contentDescription?.toString() }.single { it.startsWith("Expires at") }
        assertTrue(spoken, spoken.endsWith(", 4 minutes left"))
    }

    @Test
    fun `a banner says what is denied, and leads to where it is allowed`() = list { view ->
        val words = view.words()
        assertTrue("Notifications are off: requests go unseen" in words)
        assertTrue("Exact alarms are off: warnings may be late" in words)
        view.all().filterIsInstance<Button>().filter { "${it.text}" == "Allow" }.forEach { it.performClick() }
        assertEquals(listOf<Any>(Remedy.ALLOW_NOTIFICATIONS, Remedy.ALLOW_EXACT_ALARMS), touched)
    }

    @Test
    fun `a session opens, and what waits for the user comes first`() = list { view ->
        val cards = view.all().filterIsInstance<SessionCardView>()
        assertEquals(3, cards.size)
        cards.forEach { it.performClick() }
        assertEquals(listOf<Any>("aa", "bb", "cc"), touched)
    }

    @Test
    fun `a change leaves the views where they are, so a reader does not lose its place`() = list { view ->
        val before = view.all().filterIsInstance<SessionCardView>()
        view.show(Samples.screen(texts), emptyList())
        val after = view.all().filterIsInstance<SessionCardView>()
        before.zip(after).forEach { (one, other) -> assertSame(one, other) }
    }
}
