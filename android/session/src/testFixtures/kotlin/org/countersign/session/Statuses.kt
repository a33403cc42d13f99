package org.countersign.session

import org.countersign.Action
import org.countersign.Arg
import org.countersign.Connected
import org.countersign.Connectivity
import org.countersign.LinkState
import org.countersign.Message
import org.countersign.MessageKey
import org.countersign.ParticipantStatus
import org.countersign.Phase
import org.countersign.Progress
import org.countersign.Request
import org.countersign.RequestState
import org.countersign.SessionStatus
import org.countersign.Status
import org.countersign.WalletStatus

/** Makes a status to present. */
internal object Statuses {
    val NAMES = listOf("Me", "Ada", "Bob")

    fun status(
        sessions: List<SessionStatus> = emptyList(),
        inbox: List<Request> = emptyList(),
        participants: List<ParticipantStatus> = NAMES.indices.map { participant(it) },
        clockSuspect: Boolean = false,
    ) = Status(
        participant = key(0),
        transport = "transport",
        card = null,
        clockSuspect = clockSuspect,
        background = false,
        connectivity = Connectivity(Connected.PARTLY, emptyList(), emptyList()),
        presence = null,
        wallets = listOf(WalletStatus("wallet", "Family", "aggregate", participants)),
        sessions = sessions,
        inbox = inbox,
        badge = inbox.count { it.state == RequestState.PENDING }.toULong(),
    )

    fun participant(
        slot: Int,
        nickname: String? = NAMES[slot],
        link: LinkState = if (slot == 0) LinkState.Myself else LinkState.Unknown,
        redialInMs: ULong? = null,
    ) = ParticipantStatus(
        slot = slot.toUByte(),
        key = key(slot),
        nickname = nickname,
        transport = null,
        link = link,
        presence = null,
        lastSeen = null,
        failedDials = 0u,
        tried = emptyList(),
        redialInMs = redialInMs,
    )

    fun session(id: String = "session", phase: Phase = Phase.NONCES) = SessionStatus(
        id = id,
        wallet = "wallet",
        proposer = 1u,
        items = 2u,
        text = "Rent",
        phase = phase,
        attempt = 0u,
        beginsInMs = null,
        progress = NAMES.indices.map { Progress(nonces = it != 2, partials = it == 1) },
        waitsFor = listOf(2.toUByte()),
        deadline = 0u,
        remainingMs = 240_000u,
        askedUntil = null,
        warnedMs = null,
        message = Message(MessageKey.ONGOING, listOf(Arg.Count(1u), Arg.Count(3u))),
        blocked = null,
        nextAction = null,
        blamed = emptyList(),
        outcome = null,
    )

    fun request(state: RequestState) = Request(
        session = "session",
        wallet = "wallet",
        proposer = 1u,
        state = state,
        message = Message(MessageKey.REQUEST_FROM, listOf(Arg.Name("Ada"))),
        actions = listOf(Action.APPROVE, Action.REJECT),
        dismissed = false,
        remainingMs = 240_000u,
    )

    fun key(slot: Int) = "02" + "%064x".format(slot + 1)
}
