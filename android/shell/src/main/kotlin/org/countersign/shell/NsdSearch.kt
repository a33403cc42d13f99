package org.countersign.shell

import android.net.nsd.NsdManager
import android.net.nsd.NsdServiceInfo

/** One search; each service that is found is resolved, one after the other: the system does no more at a time. */
internal class NsdSearch(private val manager: NsdManager, private val found: (LanService) -> Unit) : NsdManager.DiscoveryListener {
    private val waiting = ArrayDeque<NsdServiceInfo>()
    private var resolving = false
    private var ended = false

    /** Ends it. */
    @Synchronized
    fun end() {
        if (!ended) manager.stopServiceDiscovery(this)
        ended = true
        waiting.clear()
    }

    @Synchronized
    override fun onServiceFound(info: NsdServiceInfo) {
        if (ended || waiting.size >= MOST) return
        waiting += info
        next()
    }

    override fun onServiceLost(info: NsdServiceInfo): Unit = Unit

    override fun onDiscoveryStarted(type: String): Unit = Unit

    override fun onDiscoveryStopped(type: String): Unit = Unit

    @Synchronized
    override fun onStartDiscoveryFailed(type: String, code: Int) {
        ended = true
    }

    override fun onStopDiscoveryFailed(type: String, code: Int): Unit = Unit

    @Synchronized
    private fun next() {
        if (resolving || ended) return
        val info = waiting.removeFirstOrNull() ?: return
        resolving = true
        // Its successor watches a service for as long as it is told to, which is not wanted.
        @Suppress("DEPRECATION")
        manager.resolveService(info, Resolving())
    }

    @Synchronized
    private fun resolved() {
        resolving = false
        next()
    }

    private inner class Resolving : NsdManager.ResolveListener {
        override fun onServiceResolved(info: NsdServiceInfo) {
            LanService.of(info)?.let(found)
            resolved()
        }

        override fun onResolveFailed(info: NsdServiceInfo, code: Int): Unit = resolved()
    }

    private companion object {
        /** A network full of made-up services fills no memory. */
        const val MOST = 64
    }
}
