package org.countersign.shell

import org.countersign.Action
import org.countersign.Arg
import org.countersign.Blamed
import org.countersign.Blocked
import org.countersign.Blocker
import org.countersign.Connected
import org.countersign.Connectivity
import org.countersign.LinkPath
import org.countersign.LinkState
import org.countersign.Message
import org.countersign.MessageKey
import org.countersign.NextAction
import org.countersign.Notice
import org.countersign.Obstacle
import org.countersign.Offence
import org.countersign.Phase
import org.countersign.RequestState
import org.countersign.session.Channel
import org.countersign.session.NotificationComposer
import org.countersign.session.PlatformFacts
import org.countersign.session.ResourcePort
import org.countersign.session.RunReasons
import org.countersign.session.SessionPresenter
import org.countersign.session.Statuses
import org.countersign.session.Text

/** Every text that the shell is asked for, made of the core's own types: one that is added there is missing here at once. */
internal object WantedTexts {
    private val plain = object : ResourcePort {
        override fun text(key: String, args: List<Any>, quantity: Long?) = key

        override fun list(names: List<String>) = names.joinToString()
    }
    private val composer = NotificationComposer(plain)
    private val presenter = SessionPresenter(plain)

    /** Returns them, each once. */
    fun all(): List<Text> {
        val texts = notices() + messages() + screens() + reasons() + Channel.entries.map { it.label } + Text("anonymous")
        return texts.distinctBy { it.key }
    }

    private fun messages(): List<Text> = MessageKey.entries.map { key -> composer.compose(Planned.request.copy(message = message(key))).body }

    /** As the core's documentation gives their arguments. */
    private fun message(key: MessageKey): Message = when (key) {
        MessageKey.REQUEST_FROM, MessageKey.EXTENSION_ASKED, MessageKey.DECLINED, MessageKey.CANNOT_REACH -> Message(key, listOf(Arg.Name("Ada")))
        MessageKey.ONGOING -> Message(key, listOf(Arg.Count(1u), Arg.Count(3u)))
        MessageKey.EXPIRING_SECONDS, MessageKey.EXPIRING_MINUTES, MessageKey.EXPIRING_HOURS -> Message(key, listOf(Arg.Count(5u)))
        MessageKey.REQUEST, MessageKey.REQUEST_EXPIRED, MessageKey.REQUEST_SUPERSEDED, MessageKey.EXPIRED, MessageKey.COMPLETED,
        MessageKey.DECLINED_BY_YOU, MessageKey.CANCELLED, MessageKey.FAILED, MessageKey.NO_CARDS, MessageKey.REQUEST_REDACTED,
        MessageKey.ONGOING_REDACTED, MessageKey.EXPIRING_REDACTED, MessageKey.EXPIRED_REDACTED,
        -> Message(key, emptyList())
    }

    private fun notices(): List<Text> {
        val notices = every<Notice>(Notice.Request, Notice.Ongoing, Notice.Warning(120_000u), Notice.Expired)
        return notices.flatMap { notice ->
            val composed = composer.compose(Planned.request.copy(notice = notice, actions = Action.entries))
            listOf(composed.title, composed.publicBody) + composed.actions.map { it.label }
        }
    }

    private fun screens(): List<Text> {
        val links = every<LinkState>(
            LinkState.Myself, LinkState.Unknown, LinkState.NoAddress, LinkState.Dialling, LinkState.Reachable(LinkPath.DIRECT, null, null),
            LinkState.Unreachable(null), LinkState.Away, LinkState.Incompatible, LinkState.Muted,
        ) + LinkPath.entries.map { LinkState.Reachable(it, null, null) }
        val participants = links.mapIndexed { slot, link -> Statuses.participant(slot, "P$slot", link) } +
            Statuses.participant(links.size, "P", LinkState.Unreachable(null), redialInMs = 4_000u)
        val sessions = Phase.entries.map { Statuses.session(phase = it) } +
            Blocker.entries.map { Statuses.session().copy(blocked = Blocked(it, emptyList(), 1_000u)) } +
            NextAction.entries.map { Statuses.session().copy(nextAction = it) } +
            Statuses.session().copy(warnedMs = 1u, blamed = listOf(Blamed(1u, Offence.WRONG_PARTIAL)))
        val inbox = RequestState.entries.map(Statuses::request)
        val screen = presenter.present(Statuses.status(sessions, inbox, participants, clockSuspect = true), readAtMs = 0)
        return screen.banners.map { it.label } +
            screen.wallets.flatMap { it.rows }.map { it.badge.label } +
            screen.sessions.flatMap { listOfNotNull(it.phaseLabel, it.blocking?.label, it.nextLabel) } +
            screen.requests.map { it.stateLabel }
    }

    private fun reasons(): List<Text> {
        val obstacles = every<Obstacle>(
            Obstacle.InBackground, Obstacle.NoNetwork, Obstacle.NetworkBlocked, Obstacle.NetworkNotValidated, Obstacle.NoCard,
            Obstacle.NoCosigner, Obstacle.NotListening, Obstacle.NoRelay, Obstacle.Missing(2u),
        )
        val facts = PlatformFacts(notifications = false, background = false, exactAlarms = false, batterySaver = true)
        return RunReasons.of(Connectivity(Connected.PARTLY, obstacles, emptyList()), facts).map { it.label }
    }

    private inline fun <reified T : Any> every(vararg cases: T): List<T> {
        val known = T::class.java.permittedSubclasses.map { it.simpleName }.toSet()
        check(known == cases.map { it.javaClass.simpleName }.toSet()) { "these are all there are: $known" }
        return cases.toList()
    }
}
