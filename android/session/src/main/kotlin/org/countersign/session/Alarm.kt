package org.countersign.session

/** The one alarm that is set; times are `elapsedRealtime`. */
public sealed interface Alarm {
    /** No alarm: one that is set is cancelled. */
    public data object None : Alarm

    /** By `setExactAndAllowWhileIdle`. */
    public data class Exact(val triggerAtMs: Long) : Alarm

    /** By `setAndAllowWhileIdle`: the system may be later, but not by the ten minutes at least of any other inexact alarm. */
    public data class WhileIdle(val triggerAtMs: Long) : Alarm
}
