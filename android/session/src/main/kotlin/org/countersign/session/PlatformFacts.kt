package org.countersign.session

/**
 * What the user lets the app do.
 *
 * @property notifications whether it may show notifications.
 * @property background whether it may run in the background.
 * @property exactAlarms whether it may be woken to the second.
 * @property batterySaver whether the phone saves its battery.
 */
public data class PlatformFacts(
    val notifications: Boolean,
    val background: Boolean,
    val exactAlarms: Boolean,
    val batterySaver: Boolean,
)
