package org.countersign.shell

import android.net.nsd.NsdManager
import android.net.nsd.NsdServiceInfo

/** What we announce; what goes wrong with it costs nothing but that nobody nearby finds us. */
internal class NsdAnnouncement(private val manager: NsdManager) {
    private var current: Registration? = null
    private var ended = false

    /** Announces this in the place of what was announced before, unless it has ended. */
    @Synchronized
    fun announce(info: NsdServiceInfo) {
        if (ended) return
        withdraw()
        current = Registration().also { manager.registerService(info, NsdManager.PROTOCOL_DNS_SD, it) }
    }

    /** Ends. */
    @Synchronized
    fun end() {
        ended = true
        withdraw()
    }

    private fun withdraw() {
        current?.let(manager::unregisterService)
        current = null
    }

    @Synchronized
    private fun failed(registration: Registration) {
        if (current === registration) current = null
    }

    private inner class Registration : NsdManager.RegistrationListener {
        override fun onRegistrationFailed(info: NsdServiceInfo, code: Int): Unit = failed(this)

        override fun onUnregistrationFailed(info: NsdServiceInfo, code: Int): Unit = Unit

        override fun onServiceRegistered(info: NsdServiceInfo): Unit = Unit

        override fun onServiceUnregistered(info: NsdServiceInfo): Unit = Unit
    }
}
