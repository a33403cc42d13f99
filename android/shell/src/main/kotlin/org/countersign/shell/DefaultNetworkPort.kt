package org.countersign.shell

import android.content.Context
import android.net.ConnectivityManager
import android.net.ConnectivityManager.NetworkCallback
import android.net.LinkProperties
import android.net.Network
import android.net.NetworkCapabilities
import org.countersign.session.NetworkEvent
import org.countersign.session.Transport

/** Passes on what the system says of its default network; asks it nothing, since answers in a callback are late or early. */
public class DefaultNetworkPort(context: Context) {
    private val manager = context.service<ConnectivityManager>()
    private var callback: NetworkCallback? = null

    /** Begins. */
    public fun start(take: (NetworkEvent) -> Unit) {
        stop()
        // Up to Android 16 the local network is everybody's who may use the internet.
        take(NetworkEvent.LanPermissionChanged(true))
        val callback = callback(take)
        manager.registerDefaultNetworkCallback(callback)
        this.callback = callback
    }

    /** Ends. */
    public fun stop() {
        callback?.let(manager::unregisterNetworkCallback)
        callback = null
    }

    private fun callback(take: (NetworkEvent) -> Unit) = object : NetworkCallback() {
        override fun onAvailable(network: Network) = take(NetworkEvent.Available(network.networkHandle))

        override fun onLost(network: Network) = take(NetworkEvent.Lost(network.networkHandle))

        override fun onCapabilitiesChanged(network: Network, capabilities: NetworkCapabilities) =
            take(capabilities(network, capabilities))

        override fun onLinkPropertiesChanged(network: Network, properties: LinkProperties) =
            take(NetworkEvent.AddressesChanged(network.networkHandle, properties.linkAddresses.mapNotNull { it.address.hostAddress }))

        override fun onBlockedStatusChanged(network: Network, blocked: Boolean) =
            take(NetworkEvent.BlockedChanged(network.networkHandle, blocked))
    }

    private fun capabilities(network: Network, capabilities: NetworkCapabilities) = NetworkEvent.CapabilitiesChanged(
        network = network.networkHandle,
        transports = TRANSPORTS.filterKeys(capabilities::hasTransport).values.toSet().ifEmpty { setOf(Transport.OTHER) },
        validated = capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_VALIDATED),
        captive = capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_CAPTIVE_PORTAL),
        metered = !capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_NOT_METERED),
    )

    private companion object {
        val TRANSPORTS = mapOf(
            NetworkCapabilities.TRANSPORT_WIFI to Transport.WIFI,
            NetworkCapabilities.TRANSPORT_ETHERNET to Transport.ETHERNET,
            NetworkCapabilities.TRANSPORT_CELLULAR to Transport.CELLULAR,
            NetworkCapabilities.TRANSPORT_VPN to Transport.VPN,
        )
    }
}
