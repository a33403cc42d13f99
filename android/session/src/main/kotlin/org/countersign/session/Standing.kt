package org.countersign.session

import org.countersign.SuspendReport

/** Where the node stands in the app's life. */
public sealed interface Standing {
    /** It runs. */
    public data object Running : Standing

    /** It rests in the background. */
    public data class Resting(val report: SuspendReport) : Standing

    /** It would not: the next wish tries again. */
    public data class Refused(val fault: Exception) : Standing
}
