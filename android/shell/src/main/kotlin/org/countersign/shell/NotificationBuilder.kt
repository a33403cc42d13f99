package org.countersign.shell

import android.app.Notification
import android.app.PendingIntent
import android.content.Context
import android.graphics.drawable.Icon
import android.os.Build
import android.os.Bundle
import org.countersign.PlannedNotification
import org.countersign.session.Channel
import org.countersign.session.ComposedNotification
import org.countersign.session.NotificationComposer
import org.countersign.session.OfferedAction
import org.countersign.session.Opens
import org.countersign.session.ResourcePort
import org.countersign.session.Text

/** Makes of a planned notification the system's own. */
internal class NotificationBuilder(private val context: Context, private val resources: ResourcePort) {
    private val composer = NotificationComposer(resources)

    /** Builds it. */
    fun build(item: PlannedNotification): Notification {
        val composed = composer.compose(item)
        val builder = plain(composed, composed.body)
            .setContentIntent(pending(composed.opens, composed))
            .setDeleteIntent(NotificationActionReceiver.dismiss(context, composed.key))
            .setVisibility(Notification.VISIBILITY_PRIVATE)
            .setPublicVersion(plain(composed, composed.publicBody).build())
            .setOnlyAlertOnce(composed.silent)
            .setOngoing(composed.ongoing || composed.sticky)
            .setAutoCancel(!composed.ongoing)
            .addExtras(NotificationExtras.of(item))
        composed.removeInMs?.let { builder.setTimeoutAfter(it.coerceIn(1u, MOST_MS).toLong()) }
        composed.actions.forEach { builder.addAction(button(it.label, pending(it, composed))) }
        if (composed.ongoing) {
            builder.addAction(button(Text("row_connect"), NotificationActionReceiver.connect(context)))
            showProgress(builder, composed)
        } else {
            builder.style = Notification.BigTextStyle().bigText(composed.body.resolve(resources))
        }
        return builder.build()
    }

    private fun plain(composed: ComposedNotification, body: Text): Notification.Builder {
        val builder = Notification.Builder(context, Channels.id(composed.channel))
            .setSmallIcon(R.drawable.countersign_sign)
            .setContentTitle(composed.title.resolve(resources))
            .setContentText(body.resolve(resources))
            .setCategory(category(composed.channel))
        composed.countdownTo?.let { end ->
            builder.setShowWhen(true).setWhen(end.toLong()).setUsesChronometer(true).setChronometerCountDown(true)
        }
        return builder
    }

    private fun category(channel: Channel) = when (channel) {
        Channel.REQUESTS -> Notification.CATEGORY_MESSAGE
        Channel.EXPIRY -> Notification.CATEGORY_REMINDER
        Channel.PROGRESS -> Notification.CATEGORY_PROGRESS
    }

    /** A part for each participant; from Android 16 on the system may show it in the status bar, too. */
    private fun showProgress(builder: Notification.Builder, composed: ComposedNotification) {
        val (signed, all) = composed.body.args.filterIsInstance<Long>().map(Long::toInt).takeIf { it.size == 2 } ?: return
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.BAKLAVA) {
            builder.setProgress(all, signed, false)
            return
        }
        val segments = List(all) { Notification.ProgressStyle.Segment(1) }
        builder.style = Notification.ProgressStyle().setProgressSegments(segments).setProgress(signed)
        builder.addExtras(Bundle().apply { putBoolean(REQUEST_PROMOTED_ONGOING, true) })
    }

    private fun button(label: Text, intent: PendingIntent): Notification.Action =
        Notification.Action.Builder(null as Icon?, label.resolve(resources), intent).build()

    private fun pending(action: OfferedAction, composed: ComposedNotification) = pending(action.opens, composed)

    private fun pending(opens: Opens, composed: ComposedNotification): PendingIntent = when (opens) {
        is Opens.Screen -> PendingIntent.getActivity(context, 0, Links.open(context, opens.link), PendingIntent.FLAG_IMMUTABLE)
        is Opens.Nothing -> NotificationActionReceiver.dismiss(context, composed.key)
    }

    private companion object {
        /** `Notification.EXTRA_REQUEST_PROMOTED_ONGOING`, which the first release of Android 16 knows without naming it. */
        const val REQUEST_PROMOTED_ONGOING = "android.requestPromotedOngoing"

        /** A year: the system adds it to a time. */
        const val MOST_MS = 31_536_000_000uL
    }
}
