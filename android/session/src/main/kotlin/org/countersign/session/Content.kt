package org.countersign.session

import org.countersign.NotificationKey

/**
 * What stands at a place on the screen.
 *
 * @property key whose it is.
 * @property contentHash the hash of what it says.
 */
public data class Content(val key: NotificationKey, val contentHash: ULong)
