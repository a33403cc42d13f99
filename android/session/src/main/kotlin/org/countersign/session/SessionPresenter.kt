package org.countersign.session

import org.countersign.Blocked
import org.countersign.Phase
import org.countersign.Request
import org.countersign.RequestState
import org.countersign.SessionStatus
import org.countersign.Slot
import org.countersign.Status
import org.countersign.WalletId

/** Makes what screens show of the core's status; the same of the same. */
public class SessionPresenter(resources: ResourcePort) {
    private val wording = Wording(resources)

    /** Presents a status that was read at this moment of the [Clock]. */
    public fun present(status: Status, readAtMs: Long): Screen = Presentation(status, readAtMs).screen()

    private inner class Presentation(private val status: Status, private val readAtMs: Long) {
        private val wallets = status.wallets.map { wallet ->
            WalletCard(wallet.id, PeerName.clean(wallet.name), wallet.participants.map(ParticipantRow::of))
        }
        private val walletsById: Map<WalletId, WalletCard> = wallets.associateBy { it.id }

        fun screen() = Screen(
            banners = banners(),
            wallets = wallets,
            sessions = status.sessions.map(::session),
            requests = status.inbox.map(::request),
            badge = status.badge.toInt(),
        )

        private fun session(session: SessionStatus): SessionCard {
            val isOver = session.isOver()
            return SessionCard(
                id = session.id,
                wallet = session.wallet,
                proposal = proposal(session.wallet, session.proposer, session),
                message = wording.of(session.message),
                phase = session.phase,
                phaseLabel = label("phase", session.phase),
                nonces = session.progress.mapIndexed { slot, part -> Segment(slot.toUByte(), part.nonces) },
                partials = session.progress.mapIndexed { slot, part -> Segment(slot.toUByte(), part.partials) },
                signed = session.signed(),
                endsAtMs = at(session.remainingMs).takeUnless { isOver },
                expiring = session.isExpiring(),
                blocking = session.blocked?.let { blocking(session, it) },
                nextAction = session.nextAction,
                nextLabel = session.nextAction?.let { label("next", it) },
                outcome = session.outcome,
                greyed = isOver,
            )
        }

        private fun blocking(session: SessionStatus, blocked: Blocked) = Blocking(
            label = label("blocked", blocked.by),
            whom = blocked.whom.mapNotNull { row(session.wallet, it) },
            untilMs = at(blocked.untilMs),
        )

        private fun request(request: Request): RequestCard {
            val session = status.sessions.find { it.id == request.session }
            val waits = request.state.waits()
            return RequestCard(
                session = request.session,
                proposal = proposal(request.wallet, request.proposer, session),
                message = wording.of(request.message),
                state = request.state,
                stateLabel = label("request", request.state),
                actions = request.actions,
                signed = session?.signed() ?: 0,
                participants = walletsById[request.wallet]?.rows.orEmpty().size,
                endsAtMs = at(request.remainingMs).takeIf { waits },
                greyed = !waits,
            )
        }

        private fun proposal(wallet: WalletId, proposer: Slot, session: SessionStatus?) = Proposal(
            wallet = walletsById[wallet]?.name.orEmpty(),
            by = row(wallet, proposer),
            words = session?.text.orEmpty(),
            items = session?.items?.toLong() ?: 0,
        )

        private fun banners(): List<Banner> {
            val clock = Banner(Text("banner_clock_suspect"), ColourRole.ERROR).takeIf { status.clockSuspect }
            val open = status.sessions.filterNot { it.isOver() }
            val expiring = open.filter { it.isExpiring() }.sortedBy { it.remainingMs }
            val blamed = open.filter { it.blamed.isNotEmpty() }
            return listOfNotNull(clock) +
                expiring.map { Banner(Text("banner_expiring"), ColourRole.WARNING, it.id) } +
                blamed.map { Banner(blame(it), ColourRole.ERROR, it.id) }
        }

        private fun blame(session: SessionStatus): Text {
            val names = session.blamed.mapNotNull { row(session.wallet, it.slot)?.name }
            return Text("banner_blamed", listOf(wording.list(names.distinct())))
        }

        private fun row(wallet: WalletId, slot: Slot) = walletsById[wallet]?.rows?.find { it.slot == slot }

        private fun at(inMs: ULong) = readAtMs + inMs.toLong()
    }
}

private fun SessionStatus.isOver() = phase == Phase.ENDED || outcome != null

private fun SessionStatus.isExpiring() = warnedMs != null && !isOver()

private fun SessionStatus.signed() = progress.count { it.partials }

private fun RequestState.waits() = when (this) {
    RequestState.PENDING -> true
    RequestState.APPROVED, RequestState.REJECTED, RequestState.EXPIRED, RequestState.CANCELLED, RequestState.SUPERSEDED -> false
}

private fun label(of: String, what: Enum<*>) = Text("${of}_${what.name.lowercase()}")
