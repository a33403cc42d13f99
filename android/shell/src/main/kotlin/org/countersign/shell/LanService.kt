package org.countersign.shell

import android.net.nsd.NsdServiceInfo
import android.os.Build
import java.net.InetAddress

/**
 * A co-signer as it is announced in the local network, by us as by every other system's shell. Nothing of it is believed: who is dialled
 * there must prove its key.
 *
 * @property peer the key of its connections.
 * @property addresses where it listens, as multiaddresses.
 */
internal data class LanService(val peer: String, val addresses: List<String>) {
    /** What stands in the service's record: the key, and of the addresses those that others can dial, as far as there is room. */
    fun record(): Map<String, String> {
        val dialable = addresses.filter { LanAddress.of(it)?.isDialable ?: false }.take(MOST_ADDRESSES)
        val record = linkedMapOf(PEER to peer)
        var bytes = bytes(PEER, peer)
        for ((index, address) in dialable.withIndex()) {
            val key = address(index)
            bytes += bytes(key, address)
            if (bytes < RECORD_BYTES) record[key] = address
        }
        return record
    }

    internal companion object {
        private const val PEER = "peer"
        private const val MOST_ADDRESSES = 8

        /** The system refuses a record that is as long. */
        private const val RECORD_BYTES = 1_300
        private val KEY = Regex("[0-9a-f]{64}")

        /**
         * Reads what a service says of itself; `null` if it is none of ours. An address that is none, or that is not in the same network,
         * is left out. A service that names none that can be used is dialled where the system has found it.
         */
        fun of(info: NsdServiceInfo): LanService? {
            val peer = text(info, PEER)?.takeIf(KEY::matches) ?: return null
            val hosts = hosts(info)
            val named = (0..<MOST_ADDRESSES).mapNotNull { text(info, address(it)) }.mapNotNull(LanAddress::of)
                .filter { it.isDialable && it.isNear(hosts) }
            val addresses = named.ifEmpty { hosts.mapNotNull { LanAddress.of(it, info.port) } }.map { it.text }.distinct()
            return LanService(peer, addresses.take(MOST_ADDRESSES)).takeIf { addresses.isNotEmpty() }
        }

        private fun address(index: Int) = "a$index"

        /** With its length, and the sign between both. */
        private fun bytes(key: String, value: String) = key.length + value.length + 2

        private fun text(info: NsdServiceInfo, key: String): String? = info.attributes[key]?.decodeToString()

        private fun hosts(info: NsdServiceInfo): List<InetAddress> {
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) return info.hostAddresses
            @Suppress("DEPRECATION")
            return listOfNotNull(info.host)
        }
    }
}
