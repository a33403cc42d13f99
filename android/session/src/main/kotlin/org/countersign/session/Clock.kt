package org.countersign.session

/** Time since the phone started, as Android's `elapsedRealtime`: it runs while the phone sleeps, and nobody can set it. */
public fun interface Clock {
    /** Returns the milliseconds since some fixed moment. */
    public fun nowMs(): Long
}
