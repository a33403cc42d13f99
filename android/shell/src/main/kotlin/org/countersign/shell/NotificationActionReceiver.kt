package org.countersign.shell

import android.app.PendingIntent
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.net.Uri
import org.countersign.NodeException
import org.countersign.NotificationKey
import org.countersign.Trigger

/** Hears the buttons that open no screen. Nothing is signed here: what signs is behind a screen. */
public class NotificationActionReceiver : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        val core = context.core()
        when (intent.action) {
            DISMISS -> key(intent)?.let { briefly(core) { dismiss(core, it) } }
            CONNECT -> briefly(core) { connect(core) }
        }
    }

    private suspend fun dismiss(core: CoreHolder, key: NotificationKey) {
        try {
            core.coSigner().node.dismiss(key)
        } catch (_: NodeException.Unknown) {
            // Its session is forgotten; what is on the screen goes away below.
        }
        core.settle()
    }

    /** Whoever sees the app is connected already; in the background it takes a moment of its own. */
    private suspend fun connect(core: CoreHolder) {
        if (core.attention.isPaid()) core.coSigner().node.connect(null) else core.moment(Trigger.REFRESH, SLICE_MS)
    }

    internal companion object {
        private const val DISMISS = "org.countersign.shell.DISMISS"
        private const val CONNECT = "org.countersign.shell.CONNECT"
        private const val SCHEME = "countersign-notification"
        private const val SLICE_MS = 6_000uL
        private val KEY = Regex("s[0-9a-f]{32}:(request|ongoing|expired|warning(0|[1-9][0-9]{0,18}))")

        /** Returns what puts a notification away for good. */
        fun dismiss(context: Context, key: NotificationKey): PendingIntent = broadcast(context, DISMISS, Uri.fromParts(SCHEME, key, null))

        /** Returns what dials the co-signers. */
        fun connect(context: Context): PendingIntent = broadcast(context, CONNECT, null)

        private fun broadcast(context: Context, action: String, about: Uri?) = PendingIntent.getBroadcast(
            context,
            0,
            Intent(context, NotificationActionReceiver::class.java).setAction(action).setData(about),
            PendingIntent.FLAG_IMMUTABLE,
        )

        private fun key(intent: Intent): NotificationKey? =
            intent.data?.takeIf { it.scheme == SCHEME }?.schemeSpecificPart?.takeIf(KEY::matches)
    }
}
