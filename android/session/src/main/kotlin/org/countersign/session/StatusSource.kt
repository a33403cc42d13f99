package org.countersign.session

import org.countersign.Status

/** Where the status comes from: the node. */
public fun interface StatusSource {
    /** Returns everything a screen shows. */
    public suspend fun status(): Status
}
