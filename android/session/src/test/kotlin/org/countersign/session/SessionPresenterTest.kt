package org.countersign.session

import org.countersign.Blamed
import org.countersign.Blocked
import org.countersign.Blocker
import org.countersign.NextAction
import org.countersign.Offence
import org.countersign.Outcome
import org.countersign.Phase
import org.countersign.RequestState
import org.countersign.Status
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

internal class SessionPresenterTest {
    @Test
    fun `the same status makes the same screen`() {
        val status = Statuses.status(listOf(Statuses.session()), listOf(Statuses.request(RequestState.PENDING)))
        assertEquals(present(status), present(status.copy()))
    }

    @Test
    fun `a session shows who proposed it in whose words, and both rounds of everybody`() {
        val card = card(Statuses.status(listOf(Statuses.session())))
        assertEquals("Ada", card.proposal.by?.name)
        assertEquals(listOf("Family", "Rent", 2L), listOf(card.proposal.wallet, card.proposal.words, card.proposal.items))
        assertEquals(listOf(true, true, false), card.nonces.map { it.done })
        assertEquals(listOf(false, true, false), card.partials.map { it.done })
        assertEquals(1, card.signed)
        assertEquals(READ_AT_MS + 240_000, card.endsAtMs)
        assertEquals(Text("message_ongoing", listOf(1L, 3L), quantity = 1), card.message)
    }

    @Test
    fun `what blocks names whom, until when, and what to do`() {
        val blocked = Blocked(Blocker.NONCES, whom = listOf(2u), untilMs = 60_000u)
        val card = card(Statuses.status(listOf(Statuses.session().copy(blocked = blocked, nextAction = NextAction.CONNECT))))
        assertEquals(Text("blocked_nonces"), card.blocking?.label)
        assertEquals(listOf("Bob"), card.blocking?.whom?.map { it.name })
        assertEquals(READ_AT_MS + 60_000, card.blocking?.untilMs)
        assertEquals(Text("next_connect"), card.nextLabel)
    }

    @Test
    fun `every phase, blocker and next action has a text of its own`() {
        val blockers = Blocker.entries.map { Blocked(it, emptyList(), 0u) }
        val cards = present(
            Statuses.status(
                Phase.entries.map { Statuses.session(phase = it) } +
                    blockers.map { Statuses.session().copy(blocked = it) } +
                    NextAction.entries.map { Statuses.session().copy(nextAction = it) },
            ),
        ).sessions
        assertEquals(Phase.entries.size, cards.map { it.phaseLabel }.toSet().size)
        assertEquals(Blocker.entries.size, cards.mapNotNull { it.blocking?.label }.toSet().size)
        assertEquals(NextAction.entries.size, cards.mapNotNull { it.nextLabel }.toSet().size)
    }

    @Test
    fun `a session that is over is greyed and counts down no more`() {
        val over = Statuses.session(phase = Phase.ENDED).copy(outcome = Outcome.Expired, warnedMs = 60_000u)
        val screen = present(Statuses.status(listOf(over)))
        assertTrue(screen.sessions.single().greyed)
        assertNull(screen.sessions.single().endsAtMs)
        assertFalse(screen.sessions.single().expiring)
        assertEquals(emptyList<Banner>(), screen.banners)
    }

    @Test
    fun `a request shows what is signed, and is greyed once it waits no more`() {
        for (state in RequestState.entries) {
            val card = present(Statuses.status(listOf(Statuses.session()), listOf(Statuses.request(state)))).requests.single()
            assertEquals(state != RequestState.PENDING, card.greyed)
            assertEquals((READ_AT_MS + 240_000).takeIf { state == RequestState.PENDING }, card.endsAtMs)
            assertEquals(Text("request_${state.name.lowercase()}"), card.stateLabel)
            assertEquals(listOf("Rent", "Ada"), listOf(card.proposal.words, card.proposal.by?.name))
            assertEquals(1 to 3, card.signed to card.participants)
        }
    }

    @Test
    fun `the badge is the core's`() {
        val inbox = listOf(RequestState.PENDING, RequestState.EXPIRED).map { Statuses.request(it) }
        assertEquals(1, present(Statuses.status(inbox = inbox)).badge)
    }

    @Test
    fun `banners say that the clock is wrong, what expires first, and who broke the protocol`() {
        val sessions = listOf(
            Statuses.session("later").copy(warnedMs = 300_000u),
            Statuses.session("sooner").copy(warnedMs = 120_000u, remainingMs = 100_000u),
            Statuses.session("broken").copy(blamed = List(2) { Blamed(2u, Offence.WRONG_PARTIAL) }),
            Statuses.session("quiet"),
        )
        val banners = present(Statuses.status(sessions, clockSuspect = true)).banners
        val expected = listOf(
            Banner(Text("banner_clock_suspect"), ColourRole.ERROR),
            Banner(Text("banner_expiring"), ColourRole.WARNING, "sooner"),
            Banner(Text("banner_expiring"), ColourRole.WARNING, "later"),
            Banner(Text("banner_blamed", listOf("\u2068Bob\u2069")), ColourRole.ERROR, "broken"),
        )
        assertEquals(expected, banners)
    }

    private fun present(status: Status) = SessionPresenter(PlainResources).present(status, READ_AT_MS)

    private fun card(status: Status) = present(status).sessions.single()

    private companion object {
        const val READ_AT_MS = 5_000L
    }
}
