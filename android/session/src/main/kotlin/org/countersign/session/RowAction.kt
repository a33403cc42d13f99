package org.countersign.session

/** The one thing that can be done at a participant's row. */
public enum class RowAction {
    /** Dial it. */
    CONNECT,

    /** Dial it no more. */
    CANCEL,

    /** Dial it now, not later. */
    RETRY,

    /** Give it our card, and take its own. */
    INVITE,

    /** Remind its user to open the app. */
    NUDGE,
}
