package org.countersign.shell

import android.content.Context
import android.content.Intent
import android.net.Uri
import org.countersign.DeepLink
import org.countersign.SessionId
import org.countersign.shell.screen.SessionActivity

/** Where notifications and screens lead: an address for each session. */
internal object Links {
    private const val SCHEME = "countersign"
    private const val SESSION = "session"

    private val ID = Regex("[0-9a-f]{64}")

    /** Returns what opens a session. */
    fun open(context: Context, link: DeepLink): Intent = open(context, link.session)

    /** Returns what opens a session. */
    fun open(context: Context, session: SessionId): Intent = Intent(context, SessionActivity::class.java)
        .setAction(Intent.ACTION_VIEW)
        .setData(Uri.Builder().scheme(SCHEME).authority(SESSION).appendPath(session).build())
        .addFlags(Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_CLEAR_TOP)

    /** Returns the session that an intent opens, if it is one of ours. */
    fun session(intent: Intent?): SessionId? {
        val uri = intent?.data?.takeIf { it.isHierarchical && it.scheme == SCHEME && it.authority == SESSION } ?: return null
        return uri.pathSegments.singleOrNull()?.takeIf(ID::matches)
    }
}
