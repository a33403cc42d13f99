package org.countersign.session

/**
 * A job for the system's scheduler.
 *
 * @property earliestInMs in how many milliseconds it may run at the earliest.
 * @property latestInMs in how many it should run at the latest.
 */
public data class RefreshJob(val earliestInMs: Long, val latestInMs: Long, val needsNetwork: Boolean)
