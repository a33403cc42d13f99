package org.countersign.session

import org.countersign.NotificationKey
import org.countersign.Plan

/** Where the plan comes from: the node. */
public interface PlanSource {
    /** Returns every notification that should be shown, or held by the system. */
    public suspend fun plan(): Plan

    /** Says that the system equals the plan of this revision, but for `failed`. */
    public suspend fun ackPlan(revision: ULong, failed: List<NotificationKey>)
}
