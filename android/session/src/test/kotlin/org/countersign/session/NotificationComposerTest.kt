package org.countersign.session

import org.countersign.Action
import org.countersign.Arg
import org.countersign.DeepLink
import org.countersign.Due
import org.countersign.Importance
import org.countersign.Message
import org.countersign.MessageKey
import org.countersign.Notice
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

internal class NotificationComposerTest {
    private val composer = NotificationComposer(PlainResources)

    @Test
    fun `a request names who asks, isolated, and gives nothing away on a locked screen`() {
        val composed = composer.compose(planned(message = request("Ada\u202E\nBank")))
        assertEquals(Text("title_request"), composed.title)
        assertEquals(Text("message_request_from", listOf("\u2068Ada Bank\u2069")), composed.body)
        assertEquals(Text("message_request_redacted"), composed.publicBody)
    }

    @Test
    fun `who has no name is called anonymous`() {
        val composed = composer.compose(planned(message = request(" \u202E")))
        assertEquals(listOf("\u2068anonymous\u2069"), composed.body.args)
    }

    @Test
    fun `several names are joined as the language does it`() {
        val message = Message(MessageKey.CANNOT_REACH, listOf("Ada", "Bob").map { Arg.Name(it) })
        assertEquals(listOf("\u2068Ada\u2069 & \u2068Bob\u2069"), composer.compose(planned(message = message)).body.args)
    }

    @Test
    fun `a count chooses the plural`() {
        val message = Message(MessageKey.EXPIRING_MINUTES, listOf(Arg.Count(5u)))
        val body = composer.compose(planned(message = message)).body
        assertEquals(Text("message_expiring_minutes", listOf(5L), quantity = 5), body)
        assertEquals("message_expiring_minutes 5 of 5", body.resolve(PlainResources))
    }

    @Test
    fun `every message has a resource of its own name`() {
        val keys = MessageKey.entries.map { composer.compose(planned(message = Message(it, emptyList()))).body.key }
        assertEquals(MessageKey.entries.size, keys.toSet().size)
        assertTrue(keys.all { it.matches(Regex("message(_[a-z]+)+")) }, "$keys")
    }

    @Test
    fun `each notice has its channel and its title`() {
        val channels = mapOf(
            Notice.Request to (Channel.REQUESTS to "title_request"),
            Notice.Ongoing to (Channel.PROGRESS to "title_ongoing"),
            Notice.Warning(300_000u) to (Channel.EXPIRY to "title_warning"),
            Notice.Expired to (Channel.EXPIRY to "title_expired"),
        )
        for ((notice, expected) in channels) {
            val composed = composer.compose(planned(notice = notice))
            assertEquals(expected, composed.channel to composed.title.key)
            assertEquals(notice == Notice.Ongoing, composed.ongoing)
        }
    }

    @Test
    fun `only what is new makes a sound`() {
        assertFalse(composer.compose(planned(due = Due.NOW)).silent)
        assertTrue(composer.compose(planned(due = Due.SHOWN)).silent)
        assertTrue(composer.compose(planned(due = Due.NOW, importance = Importance.SILENT)).silent)
    }

    @Test
    fun `the countdown ends at its moment by the wall clock, also for what comes later`() {
        assertEquals(1_240_000uL, composer.compose(planned()).countdownTo)
        val later = planned(due = Due.LATER).copy(fireInMs = 60_000u, fireAt = 1_060_000u)
        assertEquals(1_240_000uL, composer.compose(later).countdownTo)
        assertEquals(240_000uL, composer.compose(later).removeInMs)
    }

    @Test
    fun `whatever is more than putting away opens the app`() {
        val screen = Opens.Screen(DeepLink("wallet", "session"))
        val composed = composer.compose(planned(actions = Action.entries))
        val opens = composed.actions.associate { it.action to it.opens }
        assertEquals(Action.entries.associateWith { if (it == Action.DISMISS) Opens.Nothing else screen }, opens)
        assertEquals("action_view", composed.actions.first().label.key)
        assertEquals(screen, composed.opens)
    }

    private fun request(name: String) = Message(MessageKey.REQUEST_FROM, listOf(Arg.Name(name)))
}
