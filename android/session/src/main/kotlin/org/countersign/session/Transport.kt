package org.countersign.session

/** What a network runs over; a VPN has those below it, too. */
public enum class Transport {
    /** A wireless local network. */
    WIFI,

    /** A cable. */
    ETHERNET,

    /** A mobile network. */
    CELLULAR,

    /** A tunnel. */
    VPN,

    /** Anything else. */
    OTHER,
}
