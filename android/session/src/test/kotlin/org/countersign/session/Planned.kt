package org.countersign.session

import org.countersign.Action
import org.countersign.Arg
import org.countersign.DeepLink
import org.countersign.Due
import org.countersign.Importance
import org.countersign.Message
import org.countersign.MessageKey
import org.countersign.Notice
import org.countersign.PlannedNotification

/** Makes a planned notification of session [session]. */
internal fun planned(
    session: String = "s1",
    notice: Notice = Notice.Request,
    due: Due = Due.NOW,
    contentHash: ULong = 1u,
    message: Message = Message(MessageKey.REQUEST_FROM, listOf(Arg.Name("Ada"))),
    importance: Importance = Importance.DEFAULT,
    actions: List<Action> = listOf(Action.VIEW, Action.DISMISS),
) = PlannedNotification(
    key = "$session:${word(notice)}",
    slot = session,
    notice = notice,
    due = due,
    fireInMs = 0u,
    fireAt = 1_000_000u,
    removeInMs = 240_000u,
    countdownToInMs = 240_000u,
    importance = importance,
    sticky = true,
    message = message,
    redacted = MessageKey.REQUEST_REDACTED,
    actions = actions,
    link = DeepLink("wallet", "session"),
    rank = 5u,
    contentHash = contentHash,
)

private fun word(notice: Notice) = when (notice) {
    is Notice.Request -> "request"
    is Notice.Ongoing -> "ongoing"
    is Notice.Warning -> "warning${notice.thresholdMs}"
    is Notice.Expired -> "expired"
}
