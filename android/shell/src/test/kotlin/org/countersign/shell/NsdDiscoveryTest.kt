package org.countersign.shell

import android.net.nsd.NsdManager
import android.net.nsd.NsdServiceInfo
import android.net.wifi.WifiManager
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
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

    private fun searches() = shadow.getDiscoveryListeners(SERVICE).orEmpty()

    private fun resolving(info: NsdServiceInfo) = shadow.getResolveListeners(info).orEmpty()

    private fun isRegistered(info: NsdServiceInfo) = shadow.getRegistrationListener(info) != null

    private fun service(number: Int) = NsdServiceInfo().apply {
        serviceName = "countersign-$number"
        serviceType = SERVICE
        hostAddresses = listOf(InetAddress.getByName("192.168.0.$number"))
        setPort(4001)
        setAttribute("peer", "%064x".format(number))
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
        val transport = runBlocking { node.status().transport }
        val ours = NsdServiceInfo().apply {
            serviceName = "countersign-" + transport.take(12)
            serviceType = SERVICE
        }
        until("it is announced") { isRegistered(ours) }
        val announced = checkNotNull(shadow.getRegisteredServiceInfo(shadow.getRegistrationListener(ours)))
        assertEquals(transport, announced.attributes["peer"]?.decodeToString())
        assertEquals(node.listening().firstNotNullOf { LanAddress.of(it)?.tcpPort }, announced.port)
        discovery.stop()
        discovery.stop()
        assertTrue(searches().isEmpty())
        assertFalse(isRegistered(ours))
        assertEquals(0, shadowOf(app.service<WifiManager>()).activeLockCount)
    }

    @Test
    fun `services are resolved one after the other`() {
        val found = mutableListOf<LanService>()
        val search = NsdSearch(manager, found::add)
        val (first, second) = listOf(service(8), service(9))
        search.onServiceFound(first)
        search.onServiceFound(second)
        assertEquals(1, resolving(first).size)
        resolving(first).single().onServiceResolved(first)
        assertEquals(listOf("/ip4/192.168.0.8/tcp/4001"), found.single().addresses)
    }

    @Test
    fun `a new announcement takes the place of the one before, and none begins after the end`() {
        val announcement = NsdAnnouncement(manager)
        val services = listOf(1, 2, 3).map(::service)
        announcement.announce(services[0])
        announcement.announce(services[1])
        assertEquals(listOf(services[1]), services.filter(::isRegistered))
        announcement.end()
        announcement.announce(services[2])
        assertEquals(emptyList<NsdServiceInfo>(), services.filter(::isRegistered))
    }

    private companion object {
        const val SERVICE = "_countersign._tcp"
    }
}
