package org.countersign.shell

import org.countersign.session.CoSigner

/** How far the core is opened. */
public sealed interface Opening {
    /** Not yet. */
    public data object Pending : Opening

    /** It runs. */
    public class Open(public val coSigner: CoSigner) : Opening

    /** It would not; whoever asks for it next tries again. */
    public class Failed(public val fault: Exception) : Opening
}
