package org.countersign.session

import org.countersign.NotificationKey

/**
 * What the system has of ours.
 *
 * @property pending what it will show, by key, with the hash of what that says.
 * @property shown what is on the screen, by its place there.
 */
public data class Held(
    val pending: Map<NotificationKey, ULong> = emptyMap(),
    val shown: Map<String, Content> = emptyMap(),
)
