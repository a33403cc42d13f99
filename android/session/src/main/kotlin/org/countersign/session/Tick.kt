package org.countersign.session

/**
 * What a countdown shows from now on.
 *
 * @property minutes whole minutes that are left.
 * @property seconds and seconds; `null` while only minutes are shown.
 * @property announce the minutes that a screen reader is to say, if it is to say any.
 */
public data class Tick(val minutes: Long, val seconds: Long?, val announce: Long?) {
    /** Whether nothing is left. */
    val isOver: Boolean get() = minutes == 0L && seconds == 0L
}
