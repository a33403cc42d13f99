package org.countersign.session

/**
 * What keeps a session from going on.
 *
 * @property whom whose part it is; empty if nobody's.
 */
public data class Blocking(val label: Text, val whom: List<ParticipantRow>, val untilMs: Long)
