package org.countersign.shell

import android.content.Context
import android.net.nsd.NsdManager
import android.net.nsd.NsdServiceInfo
import android.net.wifi.WifiManager
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import org.countersign.LanDiscovery
import org.countersign.session.CoSigner
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Finds co-signers in the local network by the system's own service discovery, and lets them find us. */
internal class NsdDiscovery(
    private val context: Context,
    private val coSigner: () -> CoSigner?,
    private val launch: (suspend () -> Unit) -> Job,
) : LanDiscovery {
    private val manager = context.service<NsdManager>()
    private var running: Running? = null

    @Synchronized
    override fun start(service: String) {
        stop()
        running = Running(service).also(Running::start)
    }

    @Synchronized
    override fun stop() {
        running?.stop()
        running = null
    }

    private inner class Running(private val type: String) {
        private val lock = context.service<WifiManager>().createMulticastLock("countersign").apply { setReferenceCounted(false) }
        private val search = NsdSearch(manager) { found -> launch { take(found) } }
        private val announcement = NsdAnnouncement(manager)
        private var announcing: Job? = null

        fun start() {
            lock.acquire()
            manager.discoverServices(type, NsdManager.PROTOCOL_DNS_SD, search)
            announcing = launch { announce() }
        }

        fun stop() {
            announcing?.cancel()
            search.end()
            announcement.end()
            lock.release()
        }

        /** Where we listen is known a moment after the network is, and is elsewhere in the next one. */
        private suspend fun announce() {
            var announced: LanService? = null
            while (true) {
                val own = own()
                val port = own?.addresses.orEmpty().firstNotNullOfOrNull { LanAddress.of(it)?.tcpPort }
                if (own != null && port != null && own != announced) {
                    announcement.announce(info(own, port))
                    announced = own
                }
                delay(if (announced == null) PAUSE else AGAIN)
            }
        }

        private suspend fun own(): LanService? = coSigner()?.node?.run { LanService(status().transport, listening()) }

        private fun info(own: LanService, port: Int) = NsdServiceInfo().apply {
            serviceName = "countersign-" + own.peer.take(NAME_CHARACTERS)
            serviceType = type
            setPort(port)
            own.record().forEach(::setAttribute)
        }

        private suspend fun take(found: LanService) {
            val node = coSigner()?.node ?: return
            if (found.peer != node.status().transport) node.addLanCandidate(found.peer, found.addresses, TTL_MS)
        }
    }

    private companion object {
        val PAUSE = 500.milliseconds
        val AGAIN = 15.seconds
        const val NAME_CHARACTERS = 12

        /** The system tells of a service once. In another network this costs a dial that fails; the next return to the app finds anew. */
        const val TTL_MS = 3_600_000uL
    }
}
