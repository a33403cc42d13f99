package org.countersign.session

import kotlin.math.min
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours

/** How many inexact alarms go off in Doze in an hour at most. */
private const val WHILE_IDLE_AN_HOUR = 7

/**
 * How much Android lets an app do in the background, by how often it is used.
 *
 * @param alarms how many inexact alarms it grants an app in each [window].
 */
public enum class StandbyBucket(alarms: Int, internal val window: Duration) {
    /** Used now, or exempt. */
    ACTIVE(720, 1.hours),

    /** Used daily. */
    WORKING_SET(10, 1.hours),

    /** Used often. */
    FREQUENT(2, 1.hours),

    /** Seldom used. */
    RARE(1, 1.hours),

    /** Hardly used, or a burden. */
    RESTRICTED(1, 1.days),
    ;

    /** How many of them may also go off in Doze. */
    internal val quota = min(alarms, WHILE_IDLE_AN_HOUR)
}
