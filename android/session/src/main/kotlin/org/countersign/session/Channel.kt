package org.countersign.session

import org.countersign.Notice

/** A kind of notification that the user can turn off by itself. */
public enum class Channel {
    /** Co-signers ask. */
    REQUESTS,

    /** A session's end is near, or was. */
    EXPIRY,

    /** A session goes on. */
    PROGRESS,
    ;

    /** What it is called. */
    public val label: Text = Text("channel_" + name.lowercase())

    internal companion object {
        fun of(notice: Notice): Channel = when (notice) {
            is Notice.Request -> REQUESTS
            is Notice.Warning, is Notice.Expired -> EXPIRY
            is Notice.Ongoing -> PROGRESS
        }
    }
}
