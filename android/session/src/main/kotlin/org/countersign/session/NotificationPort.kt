package org.countersign.session

/** The system's notifications. What throws here is tried again at the next signal. */
public interface NotificationPort {
    /** Returns what the system has of ours. */
    public suspend fun held(): Held

    /** Does one thing; throws if the system refuses. */
    public suspend fun apply(operation: Operation)
}
