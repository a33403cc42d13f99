package org.countersign.shell

import android.app.Notification
import android.os.Bundle
import org.countersign.PlannedNotification
import org.countersign.session.Content

/** What a notification carries so that it can be told what it says. */
internal object NotificationExtras {
    private const val KEY = "countersign.key"
    private const val HASH = "countersign.hash"

    /** Returns what it carries. */
    fun of(item: PlannedNotification): Bundle = Bundle().apply {
        putString(KEY, item.key)
        putLong(HASH, item.contentHash.toLong())
    }

    /** Reads it; `null` if it is not of the plan. */
    fun content(notification: Notification): Content? =
        notification.extras.getString(KEY)?.let { Content(it, notification.extras.getLong(HASH).toULong()) }
}
