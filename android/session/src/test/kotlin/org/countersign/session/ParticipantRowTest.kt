package org.countersign.session

import org.countersign.LinkPath
import org.countersign.LinkState
import org.countersign.ParticipantStatus
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

internal class ParticipantRowTest {
    @Test
    fun `every link has its text, its colour and at most one action`() {
        val table = listOf(
            Row(LinkState.Myself, "you", ColourRole.NEUTRAL, null),
            Row(reachable(LinkPath.DIRECT), "connected_direct", ColourRole.SUCCESS, null),
            Row(reachable(LinkPath.WEBRTC), "connected_direct", ColourRole.SUCCESS, null),
            Row(reachable(LinkPath.LAN), "connected_lan", ColourRole.SUCCESS, null),
            Row(reachable(LinkPath.RELAY), "connected_relay", ColourRole.SUCCESS, null),
            Row(LinkState.Dialling, "connecting", ColourRole.WARNING, RowAction.CANCEL),
            Row(LinkState.Unreachable(why = null), "offline", ColourRole.ERROR, RowAction.CONNECT),
            Row(LinkState.NoAddress, "offline", ColourRole.ERROR, RowAction.CONNECT),
            Row(LinkState.Away, "away", ColourRole.NEUTRAL, RowAction.NUDGE),
            Row(LinkState.Unknown, "unknown", ColourRole.NEUTRAL, RowAction.INVITE),
            Row(LinkState.Incompatible, "update_needed", ColourRole.ERROR, null),
            Row(LinkState.Muted, "muted", ColourRole.ERROR, null),
        )
        for (row in table) {
            val badge = row(Statuses.participant(1, link = row.link)).badge
            assertEquals(Badge(Text("status_${row.label}"), row.role, row.action), badge)
        }
    }

    @Test
    fun `who is dialled again in a moment says in how many seconds`() {
        val row = row(Statuses.participant(1, link = LinkState.Unreachable(why = null), redialInMs = 4_001u))
        val label = Text("status_reconnecting_in", listOf(5L), quantity = 5)
        assertEquals(Badge(label, ColourRole.WARNING, RowAction.RETRY), row.badge)
    }

    @Test
    fun `who is connected says how long it takes to answer`() {
        assertEquals(12L, row(Statuses.participant(1, link = reachable(LinkPath.LAN))).rttMs)
        assertEquals(null, row(Statuses.participant(1)).rttMs)
    }

    @Test
    fun `who has no name is called by its key, shortened`() {
        for (nickname in listOf(null, "", "\u202E ")) {
            assertEquals("020000…0002", row(Statuses.participant(1, nickname)).name)
        }
        assertTrue(row(Statuses.participant(0)).isYou)
    }

    @Test
    fun `an avatar has the name's letters, and always the same hue for a key`() {
        fun avatar(name: String, slot: Int = 1) = row(Statuses.participant(slot, name)).avatar
        assertEquals("AL", avatar("ada lovelace of london").initials)
        assertEquals("🗝", avatar("🗝").initials)
        assertEquals(avatar("Ada").hue, avatar("Bob").hue)
        assertNotEquals(avatar("Ada", slot = 1).hue, avatar("Ada", slot = 2).hue)
        assertTrue(avatar("Ada").hue in 0..359)
    }

    private data class Row(val link: LinkState, val label: String, val role: ColourRole, val action: RowAction?)

    private fun reachable(path: LinkPath) = LinkState.Reachable(path, rttUs = 12_345u, clockAheadMs = null)

    private fun row(participant: ParticipantStatus) = ParticipantRow.of(participant)
}
