package org.countersign.shell

import android.net.nsd.NsdServiceInfo
import android.os.Build
import java.net.Inet4Address
import java.net.InetAddress

/**
 * Where a co-signer says that it is; who it is shows when it is dialled.
 *
 * @property peer the key of its connections.
 */
internal data class LanAddress(val peer: String, val addresses: List<String>) {
    internal companion object {
        /** The attribute that has the key. */
        const val PEER = "peer"
        private val KEY = Regex("[0-9a-f]{64}")
        private val TCP = Regex("/ip[46]/[^/]+/tcp/([0-9]{1,5})(/.*)?")

        /** Returns the port of an address at which we listen, if it is one that can be announced. */
        fun port(address: String): Int? = TCP.matchEntire(address)?.groupValues?.get(1)?.toInt()

        /** Reads what a service says of itself; `null` if it is none of ours. The hosts are those that the system found, not what it says. */
        fun of(info: NsdServiceInfo): LanAddress? {
            val peer = info.attributes[PEER]?.decodeToString()?.takeIf(KEY::matches) ?: return null
            val port = info.port.takeIf { it in 1..0xFFFF } ?: return null
            val addresses = hosts(info).filterNot { it.isLinkLocalAddress && it !is Inet4Address }.map { multiaddress(it, port) }
            return LanAddress(peer, addresses).takeIf { addresses.isNotEmpty() }
        }

        private fun hosts(info: NsdServiceInfo): List<InetAddress> {
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) return info.hostAddresses
            @Suppress("DEPRECATION")
            return listOfNotNull(info.host)
        }

        private fun multiaddress(host: InetAddress, port: Int) =
            "/${if (host is Inet4Address) "ip4" else "ip6"}/${host.hostAddress.orEmpty().substringBefore('%')}/tcp/$port"
    }
}
