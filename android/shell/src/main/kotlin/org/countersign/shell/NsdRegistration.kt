package org.countersign.shell

import android.net.nsd.NsdManager
import android.net.nsd.NsdServiceInfo

/** One announcement of ours; what goes wrong with it costs nothing but that nobody nearby finds us. */
internal class NsdRegistration : NsdManager.RegistrationListener {
    private var begun = false
    private var ended = false

    /** Begins, unless it has ended. */
    @Synchronized
    fun begin(manager: NsdManager, info: NsdServiceInfo) {
        if (ended) return
        manager.registerService(info, NsdManager.PROTOCOL_DNS_SD, this)
        begun = true
    }

    /** Ends. */
    @Synchronized
    fun end(manager: NsdManager) {
        if (begun && !ended) manager.unregisterService(this)
        ended = true
    }

    override fun onRegistrationFailed(info: NsdServiceInfo, code: Int) {
        synchronized(this) { begun = false }
    }

    override fun onUnregistrationFailed(info: NsdServiceInfo, code: Int): Unit = Unit

    override fun onServiceRegistered(info: NsdServiceInfo): Unit = Unit

    override fun onServiceUnregistered(info: NsdServiceInfo): Unit = Unit
}
