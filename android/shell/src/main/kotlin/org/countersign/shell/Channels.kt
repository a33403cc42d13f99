package org.countersign.shell

import android.app.NotificationChannel
import android.app.NotificationManager
import android.content.Context
import org.countersign.session.Channel
import org.countersign.session.ResourcePort
import org.countersign.session.Text

/** The kinds of notification that the user finds in the system's settings. */
internal class Channels(context: Context, private val resources: ResourcePort) {
    private val manager = context.service<NotificationManager>()

    /** Creates them, or gives them names in the language of now. */
    fun create() {
        manager.createNotificationChannels(Channel.entries.map(::channel) + service())
    }

    private fun channel(kind: Channel) = NotificationChannel(id(kind), kind.label.resolve(resources), importance(kind)).apply {
        lockscreenVisibility = android.app.Notification.VISIBILITY_PRIVATE
        setShowBadge(kind != Channel.PROGRESS)
    }

    private fun service() = NotificationChannel(SERVICE, Text("channel_service").resolve(resources), NotificationManager.IMPORTANCE_LOW).apply {
        setShowBadge(false)
    }

    private fun importance(kind: Channel) = when (kind) {
        Channel.REQUESTS, Channel.EXPIRY -> NotificationManager.IMPORTANCE_HIGH
        Channel.PROGRESS -> NotificationManager.IMPORTANCE_LOW
    }

    internal companion object {
        const val SERVICE = "countersign.service"

        fun id(kind: Channel): String = "countersign." + kind.name.lowercase()
    }
}
