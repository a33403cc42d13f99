package org.countersign.session

import org.countersign.Importance
import org.countersign.NotificationKey
import org.countersign.WallTime

/**
 * A notification as the system shows it.
 *
 * @property publicBody what stands on a locked screen, below the title: it gives nothing away.
 * @property silent whether it makes no sound.
 * @property sticky whether it stays until it is touched.
 * @property ongoing whether it shows something that goes on.
 * @property countdownTo the moment that it counts down to, by the wall clock as that is set now.
 * @property removeInMs milliseconds after which the system takes it away by itself.
 * @property opens what a touch leads to.
 */
public data class ComposedNotification(
    val key: NotificationKey,
    val slot: String,
    val channel: Channel,
    val importance: Importance,
    val title: Text,
    val body: Text,
    val publicBody: Text,
    val silent: Boolean,
    val sticky: Boolean,
    val ongoing: Boolean,
    val countdownTo: WallTime?,
    val removeInMs: ULong?,
    val actions: List<OfferedAction>,
    val opens: Opens,
)
