package org.countersign.session

/** What the system says of its default network, as Android's `NetworkCallback` has it; a network goes by its handle. */
public sealed interface NetworkEvent {
    /** The default network is this one now. */
    public data class Available(val network: Long) : NetworkEvent

    /** It is gone. */
    public data class Lost(val network: Long) : NetworkEvent

    /**
     * What it can do.
     *
     * @property validated whether the system has reached the internet over it.
     * @property captive whether a sign-in page stands before it.
     * @property metered whether it costs: nothing that is sent depends on it.
     */
    public data class CapabilitiesChanged(
        val network: Long,
        val transports: Set<Transport>,
        val validated: Boolean,
        val captive: Boolean,
        val metered: Boolean,
    ) : NetworkEvent

    /** The phone's own addresses in it. */
    public data class AddressesChanged(val network: Long, val addresses: List<String>) : NetworkEvent

    /** Whether the system keeps the app from using it. */
    public data class BlockedChanged(val network: Long, val blocked: Boolean) : NetworkEvent

    /** Whether the user lets the app use the local network. */
    public data class LanPermissionChanged(val allowed: Boolean) : NetworkEvent
}
