package org.countersign.session

import org.countersign.EventId
import org.countersign.KeptEvent

/** Where events come from: the node. */
public interface EventSource {
    /** Waits for the oldest event that is not dealt with. */
    public suspend fun nextEvent(): KeptEvent

    /** Says that an event is dealt with. */
    public suspend fun eventHandled(id: EventId)
}
