package org.countersign.session

import org.countersign.ForegroundReport
import org.countersign.SliceReport
import org.countersign.SliceRequest
import org.countersign.SuspendReport

/** The life of the app, as the node has it. */
public interface Lifecycle {
    /** Says that the app is in the foreground. */
    public suspend fun onForeground(): ForegroundReport

    /** Says that the app goes to the background; returns when nothing of ours runs any more, after `graceMs` at the latest. */
    public suspend fun onBackground(graceMs: ULong): SuspendReport

    /** Uses a moment that the system grants. */
    public suspend fun runBackgroundSlice(request: SliceRequest): SliceReport

    /** Ends that moment. Returns at once. */
    public fun cancelSlice()
}
