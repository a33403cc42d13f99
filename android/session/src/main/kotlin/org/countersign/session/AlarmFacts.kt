package org.countersign.session

/**
 * What decides which alarm there can be.
 *
 * @property visible whether the user sees the app: then it needs none.
 * @property exactAllowed whether the user allows exact alarms.
 * @property firedAtMs when inexact alarms went off that count against the quota, by the same clock as [nowMs]; those of the last day.
 */
public data class AlarmFacts(
    val visible: Boolean,
    val exactAllowed: Boolean,
    val bucket: StandbyBucket,
    val nowMs: Long,
    val firedAtMs: List<Long> = emptyList(),
)
