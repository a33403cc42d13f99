package org.countersign.shell

import android.net.nsd.NsdManager
import android.net.nsd.NsdServiceInfo
import android.net.wifi.WifiManager
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowNsdManager
import java.net.InetAddress

internal class NsdDiscoveryTest : AndroidTest() {
    private val manager: NsdManager get() = app.service()
    private val shadow: ShadowNsdManager get() = Shadow.extract(manager)
    private val key = "ab".repeat(32)

    private fun searches() = shadow.getDiscoveryListeners(SERVICE).orEmpty()

    private fun resolving(info: NsdServiceInfo) = shadow.getResolveListeners(info).orEmpty()

    private fun info(host: String, peer: String? = key, port: Int = 4001) = NsdServiceInfo().apply {
        serviceName = "countersign-x"
        serviceType = SERVICE
        hostAddresses = listOf(InetAddress.getByName(host))
        setPort(port)
        peer?.let { setAttribute(LanAddress.PEER, it) }
    }

    @Test
    fun `who is found is told with the address that the system saw`() {
        assertEquals(LanAddress(key, listOf("/ip4/192.168.0.9/tcp/4001")), LanAddress.of(info("192.168.0.9")))
        assertEquals(LanAddress(key, listOf("/ip6/fd00:0:0:0:0:0:0:9/tcp/4001")), LanAddress.of(info("fd00::9")))
    }

    @Test
    fun `what is none of ours, or lies, is left out`() {
        assertNull(LanAddress.of(info("192.168.0.9", peer = null)))
        assertNull(LanAddress.of(info("192.168.0.9", peer = "no key")))
        assertNull(LanAddress.of(info("192.168.0.9", peer = key.uppercase())))
        assertNull(LanAddress.of(info("fe80::9")))
        assertNull(LanAddress.of(info("192.168.0.9", port = 0)))
    }

    @Test
    fun `of the addresses at which we listen a port is announced`() {
        assertEquals(4001, LanAddress.port("/ip4/192.168.0.7/tcp/4001"))
        assertEquals(4001, LanAddress.port("/ip6/fd00::7/tcp/4001/p2p/abc"))
        assertNull(LanAddress.port("/ip4/192.168.0.7/udp/4001/quic-v1"))
    }

    @Test
    fun `it searches and announces for as long as it is told to, and holds the lock no longer`() {
        // The simulated Wi-Fi speaks of a class of Android 16, which an older JDK cannot load.
        assumeTrue(Runtime.version().feature() >= 21)
        begin()
        see()
        val discovery = NsdDiscovery(app, { coSigner }, app.core::launch)
        discovery.start(SERVICE)
        assertEquals(1, searches().size)
        assertEquals(1, shadowOf(app.service<WifiManager>()).activeLockCount)
        discovery.start(SERVICE)
        assertEquals(1, searches().size)
        discovery.stop()
        discovery.stop()
        assertTrue(searches().isEmpty())
        assertEquals(0, shadowOf(app.service<WifiManager>()).activeLockCount)
    }

    @Test
    fun `services are resolved one after the other`() {
        val found = mutableListOf<LanAddress>()
        val search = NsdSearch(manager, found::add)
        val (first, second) = listOf(info("192.168.0.8"), info("192.168.0.9", peer = "cd".repeat(32)))
        search.onServiceFound(first)
        search.onServiceFound(second)
        assertEquals(1, resolving(first).size)
        resolving(first).single().onServiceResolved(first)
        assertEquals(listOf("/ip4/192.168.0.8/tcp/4001"), found.single().addresses)
    }

    private companion object {
        const val SERVICE = "_countersign._tcp"
    }
}
