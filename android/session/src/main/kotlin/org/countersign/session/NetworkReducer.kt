package org.countersign.session

import org.countersign.NetworkState

/** Reduces what the system says of its networks to what the core hears; each event makes another reducer. */
public class NetworkReducer private constructor(
    private val network: Default?,
    private val lanPermitted: Boolean,
    private val generation: ULong,
) {
    /** Begins without a network. */
    public constructor() : this(network = null, lanPermitted = false, generation = 0u)

    /** What the core hears. */
    public val state: NetworkState
        get() = NetworkState(
            online = network != null,
            blocked = network?.blocked ?: false,
            validated = network?.validated ?: false,
            lanAllowed = lanPermitted && network?.transports.orEmpty().any { it in LOCAL },
            generation = generation,
            localAddresses = network?.addresses.orEmpty(),
        )

    /** Takes an event. */
    public fun after(event: NetworkEvent): NetworkReducer = when (event) {
        is NetworkEvent.Available -> if (network?.handle == event.network) this else with(Default(event.network))
        is NetworkEvent.Lost -> about(event.network) { null }
        is NetworkEvent.CapabilitiesChanged -> about(event.network) {
            it.copy(transports = event.transports, validated = event.validated && !event.captive)
        }
        is NetworkEvent.AddressesChanged -> about(event.network) { it.copy(addresses = dialable(event.addresses)) }
        is NetworkEvent.BlockedChanged -> about(event.network) { it.copy(blocked = event.blocked) }
        is NetworkEvent.LanPermissionChanged -> NetworkReducer(network, event.allowed, generation)
    }

    /** What is said of a network that is not the default one any more comes too late. */
    private fun about(handle: Long, change: (Default) -> Default?): NetworkReducer =
        if (network?.handle == handle) with(change(network)) else this

    private fun with(next: Default?): NetworkReducer {
        val isAnother = next?.identity() != network?.identity()
        return NetworkReducer(next, lanPermitted, if (isAnother) generation + 1u else generation)
    }

    private data class Default(
        val handle: Long,
        val transports: Set<Transport> = emptySet(),
        val addresses: List<String> = emptyList(),
        val validated: Boolean = false,
        val blocked: Boolean = false,
    ) {
        /** By what it is another network: then no connection of before is worth anything. */
        fun identity() = Triple(handle, transports, addresses)
    }

    private companion object {
        val LOCAL = setOf(Transport.WIFI, Transport.ETHERNET)

        /** Leaves out addresses that are good on one wire only: nobody else could dial them. */
        fun dialable(addresses: List<String>) =
            addresses.filterNot { '%' in it || it.startsWith("fe80:", ignoreCase = true) }.distinct().sorted()
    }
}
