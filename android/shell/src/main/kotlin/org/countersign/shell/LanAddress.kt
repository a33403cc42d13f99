package org.countersign.shell

import java.net.Inet4Address
import java.net.Inet6Address
import java.net.InetAddress

/**
 * A multiaddress that begins with an IP address and a port.
 *
 * @property text the whole of it.
 */
internal class LanAddress private constructor(
    val text: String,
    private val host: InetAddress,
    private val transport: String,
    private val port: Int,
) {
    private val isRelayed get() = text.endsWith("/p2p-circuit") || "/p2p-circuit/" in text

    /** The port at which we ourselves listen for TCP, if that is one. */
    val tcpPort: Int? get() = port.takeIf { transport == "tcp" && !isRelayed }

    /** Whether others in the same network can dial it: it is no relay's, and good on more than one wire. */
    val isDialable: Boolean get() = !isRelayed && isReachable(host)

    /** Whether it is in the same network: by its range, or as one of [hosts], which the system has found there. */
    fun isNear(hosts: Collection<InetAddress>): Boolean =
        host.isSiteLocalAddress || host.isLinkLocalAddress || isUniqueLocal(host) || host in hosts

    internal companion object {
        private const val LONGEST = 200
        private const val HIGHEST = 0xFFFF
        private const val GROUPS = 8
        private const val UNIQUE_LOCAL = 0xFC
        private val FORM = Regex("/(ip4|ip6)/([0-9A-Fa-f.:]+)/(tcp|udp)/([0-9]{1,5})(/[0-9A-Za-z_-]+)*")
        private val GROUP = Regex("[0-9A-Fa-f]{1,4}")

        /** Reads one; `null` if it begins otherwise, or is longer than anybody's. Nobody is asked for a name. */
        fun of(text: String): LanAddress? {
            if (text.length > LONGEST) return null
            val (version, address, transport, digits) = FORM.matchEntire(text)?.destructured ?: return null
            val host = host(version, address) ?: return null
            val port = digits.toInt().takeIf { it in 1..HIGHEST } ?: return null
            return LanAddress(text, host, transport, port)
        }

        /** Writes one of a host that the system has found; `null` if others cannot dial it. */
        fun of(host: InetAddress, port: Int): LanAddress? {
            val version = if (host is Inet4Address) "ip4" else "ip6"
            return of("/$version/${host.hostAddress.orEmpty().substringBefore('%')}/tcp/$port")?.takeIf { it.isDialable }
        }

        private fun host(version: String, address: String): InetAddress? =
            address.takeIf(if (version == "ip4") ::isVersion4 else ::isVersion6)?.let(InetAddress::getByName)

        private fun isVersion4(address: String): Boolean {
            val parts = address.split('.')
            return parts.size == Int.SIZE_BYTES && parts.all { part -> part.toUByteOrNull() != null }
        }

        private fun isVersion6(address: String): Boolean {
            val halves = address.split("::")
            val groups = halves.filter(String::isNotEmpty).flatMap { it.split(':') }
            val isWhole = if (halves.size == 2) groups.size < GROUPS else halves.size == 1 && groups.size == GROUPS
            return isWhole && groups.all(GROUP::matches)
        }

        private fun isReachable(host: InetAddress) = !host.isAnyLocalAddress && !host.isLoopbackAddress && !host.isMulticastAddress &&
            !(host is Inet6Address && host.isLinkLocalAddress)

        private fun isUniqueLocal(host: InetAddress) =
            host is Inet6Address && host.address.first().toInt() and 0xFE == UNIQUE_LOCAL
    }
}
