package org.countersign.shell.screen

import org.countersign.Arg
import org.countersign.Blocked
import org.countersign.Blocker
import org.countersign.Connected
import org.countersign.Connectivity
import org.countersign.LinkPath
import org.countersign.LinkState
import org.countersign.Message
import org.countersign.MessageKey
import org.countersign.NextAction
import org.countersign.Obstacle
import org.countersign.Outcome
import org.countersign.ParticipantStatus
import org.countersign.Phase
import org.countersign.Progress
import org.countersign.RequestState
import org.countersign.session.PlatformFacts
import org.countersign.session.ResourcePort
import org.countersign.session.RunReason
import org.countersign.session.RunReasons
import org.countersign.session.Screen
import org.countersign.session.SessionPresenter
import org.countersign.session.Statuses
import org.countersign.shell.AndroidClock
import org.countersign.shell.Peer

/** Screens with something of everything. */
internal object Samples {
    /** Spreads the colours of the faces. */
    private const val KEY_STEP = 7_919
    private val count = Message(MessageKey.ONGOING, listOf(Arg.Count(3u), Arg.Count(10u)))
    private val links = listOf(
        "Me" to LinkState.Myself,
        "Ada Lovelace" to LinkState.Reachable(LinkPath.DIRECT, 12_000u, null),
        "Bob" to LinkState.Reachable(LinkPath.LAN, 3_000u, null),
        "Chloé" to LinkState.Reachable(LinkPath.RELAY, 90_000u, null),
        "Dmitri" to LinkState.Dialling,
        "Eve" to LinkState.Unreachable(null),
        "فاطمة" to LinkState.Away,
        "Grace" to LinkState.NoAddress,
        null to LinkState.Unknown,
        "Heidi" to LinkState.Incompatible,
    )

    /** Ten participants, each in another state. */
    fun participants(): List<ParticipantStatus> = links.mapIndexed { slot, (name, link) ->
        Statuses.participant(slot, name, link, redialInMs = 8_000uL.takeIf { link is LinkState.Unreachable })
            .copy(key = "02" + "%064x".format((slot + 1) * KEY_STEP))
    }

    fun screen(resources: ResourcePort): Screen {
        val progress = links.indices.map { Progress(nonces = it != 5, partials = it in 1..3) }
        val asked = Statuses.session("aa", Phase.REQUESTED).copy(
            proposer = 1u,
            message = count,
            progress = progress,
            nextAction = NextAction.ANSWER,
            warnedMs = 300_000u,
        )
        val waiting = Statuses.session("bb", Phase.PARTIALS).copy(
            message = count,
            progress = progress,
            remainingMs = 5_400_000u,
            blocked = Blocked(Blocker.PARTIALS, listOf(5u, 6u), 60_000u),
            nextAction = NextAction.CONNECT,
        )
        val signed = Statuses.session("cc", Phase.ENDED).copy(
            message = Message(MessageKey.COMPLETED, emptyList()),
            outcome = Outcome.Completed(ByteArray(64)),
            progress = links.map { Progress(true, true) },
        )
        val requests = listOf(Statuses.request(RequestState.PENDING).copy(session = "aa"))
        val status = Statuses.status(listOf(asked, waiting, signed), requests, participants())
        return SessionPresenter(resources).present(status, AndroidClock.nowMs())
    }

    fun reasons(): List<RunReason> {
        val facts = PlatformFacts(notifications = false, background = true, exactAlarms = false, batterySaver = false)
        return RunReasons.of(Connectivity(Connected.PARTLY, listOf(Obstacle.Missing(2u)), emptyList()), facts)
    }

    fun session(resources: ResourcePort, id: String = "aa"): SessionModel = checkNotNull(SessionModel.of(screen(resources), id, Peer.payload()))
}
