package org.countersign.session

import org.countersign.Action
import org.countersign.DeepLink
import org.countersign.Due
import org.countersign.Importance
import org.countersign.Notice
import org.countersign.PlannedNotification

/** Makes of a planned notification what the system shows. */
public class NotificationComposer(resources: ResourcePort) {
    private val wording = Wording(resources)

    /** Composes it. */
    public fun compose(item: PlannedNotification): ComposedNotification {
        val now = item.fireAt - item.fireInMs
        return ComposedNotification(
            key = item.key,
            slot = item.slot,
            channel = Channel.of(item.notice),
            importance = item.importance,
            title = Text(title(item.notice)),
            body = wording.of(item.message),
            publicBody = wording.of(item.redacted),
            silent = item.importance == Importance.SILENT || item.due == Due.SHOWN,
            sticky = item.sticky,
            ongoing = item.notice is Notice.Ongoing,
            countdownTo = item.countdownToInMs?.let { now + it },
            removeInMs = item.removeInMs,
            actions = item.actions.map { offer(it, item.link) },
            opens = Opens.Screen(item.link),
        )
    }

    private fun title(notice: Notice) = when (notice) {
        is Notice.Request -> "title_request"
        is Notice.Ongoing -> "title_ongoing"
        is Notice.Warning -> "title_warning"
        is Notice.Expired -> "title_expired"
    }

    private fun offer(action: Action, link: DeepLink) = when (action) {
        // Whoever answers first sees what is signed.
        Action.VIEW, Action.APPROVE, Action.REJECT, Action.EXTEND -> OfferedAction(action, label(action), Opens.Screen(link))
        Action.DISMISS -> OfferedAction(action, label(action), Opens.Nothing)
    }

    private fun label(action: Action) = Text("action_" + action.name.lowercase())
}
