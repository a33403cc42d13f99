package org.countersign.shell

import org.countersign.Action
import org.countersign.Arg
import org.countersign.DeepLink
import org.countersign.Due
import org.countersign.Importance
import org.countersign.Message
import org.countersign.MessageKey
import org.countersign.Notice
import org.countersign.PlannedNotification

/** Makes notifications as the core plans them. */
internal object Planned {
    const val SESSION: String = "f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1f3a1"
    const val NOW: Long = 1_800_000_000_000

    val request = item(
        Notice.Request,
        "request",
        Message(MessageKey.REQUEST_FROM, listOf(Arg.Name("Ada"))),
        MessageKey.REQUEST_REDACTED,
        Importance.TIME_SENSITIVE,
    )
    val ongoing = item(
        Notice.Ongoing,
        "ongoing",
        Message(MessageKey.ONGOING, listOf(Arg.Count(1u), Arg.Count(3u))),
        MessageKey.ONGOING_REDACTED,
        Importance.SILENT,
    )
    val warning = item(
        Notice.Warning(120_000u),
        "warning120000",
        Message(MessageKey.EXPIRING_MINUTES, listOf(Arg.Count(2u))),
        MessageKey.EXPIRING_REDACTED,
        Importance.TIME_SENSITIVE,
    )
    val expired = item(
        Notice.Expired,
        "expired",
        Message(MessageKey.EXPIRED, emptyList()),
        MessageKey.EXPIRED_REDACTED,
        Importance.DEFAULT,
    ).copy(removeInMs = null, countdownToInMs = null, sticky = false)

    private fun item(notice: Notice, name: String, message: Message, redacted: MessageKey, importance: Importance) = PlannedNotification(
        key = "s${SESSION.take(32)}:$name",
        slot = "s${SESSION.take(32)}",
        notice = notice,
        due = Due.NOW,
        fireInMs = 0u,
        fireAt = NOW.toULong(),
        removeInMs = 240_000u,
        countdownToInMs = 240_000u,
        importance = importance,
        sticky = true,
        message = message,
        redacted = redacted,
        actions = listOf(Action.VIEW, Action.DISMISS),
        link = DeepLink(wallet = "aa", session = SESSION),
        rank = 5u,
        contentHash = 7u,
    )
}
