package org.countersign.session

import org.countersign.NotificationKey
import org.countersign.PlannedNotification

/** One thing to do at the system. */
public sealed interface Operation {
    /** Gives the system something to show later. */
    public data class Hold(val item: PlannedNotification) : Operation

    /** Shows something, with a sound. */
    public data class Show(val item: PlannedNotification) : Operation

    /** Changes what is on the screen, without a sound. */
    public data class Update(val item: PlannedNotification) : Operation

    /** Lets the system hold the notification of this key no more. */
    public data class Release(val key: NotificationKey) : Operation

    /** Takes away what stands at this place. */
    public data class TakeAway(val place: String) : Operation
}

/** Returns the notification that an operation puts up, if it does. */
internal val Operation.item: PlannedNotification?
    get() = when (this) {
        is Operation.Hold -> item
        is Operation.Show -> item
        is Operation.Update -> item
        is Operation.Release, is Operation.TakeAway -> null
    }
