package org.countersign.session

/** What the user can do so that nothing stands in the way any more. */
public enum class Remedy {
    /** Look at the system's network settings. */
    OPEN_NETWORK_SETTINGS,

    /** Look at the app's settings. */
    OPEN_APP_SETTINGS,

    /** Look at the system's battery settings. */
    OPEN_BATTERY_SETTINGS,

    /** Allow notifications. */
    ALLOW_NOTIFICATIONS,

    /** Allow exact alarms. */
    ALLOW_EXACT_ALARMS,

    /** Let our card be issued. */
    ISSUE_CARD,

    /** Invite a co-signer. */
    INVITE,

    /** Dial everybody. */
    CONNECT,
}
