package org.countersign.shell

/** Which secret a key of the system's wraps. */
public enum class KeyName {
    /** Connections are made with it; can be had whenever the phone was unlocked once. */
    TRANSPORT,

    /** Signs; each use wants the user. */
    SIGNING,
}
