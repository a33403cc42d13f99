package org.countersign.shell

import android.net.ConnectivityManager
import android.net.ConnectivityManager.NetworkCallback
import android.net.LinkAddress
import android.net.LinkProperties
import android.net.Network
import android.net.NetworkCapabilities
import org.countersign.NetworkState
import org.countersign.session.NetworkEvent
import org.countersign.session.NetworkReducer
import org.countersign.session.Transport
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowNetwork
import org.robolectric.shadows.ShadowNetworkCapabilities
import java.net.InetAddress

internal class DefaultNetworkPortTest : AndroidTest() {
    private val manager: ConnectivityManager get() = app.service()
    private val events = mutableListOf<NetworkEvent>()
    private val port by lazy { DefaultNetworkPort(app) }
    private val network: Network = ShadowNetwork.newInstance(7)

    private fun started(): NetworkCallback {
        port.start(events::add)
        return shadowOf(manager).networkCallbacks.single().also { it.onAvailable(network) }
    }

    private fun capabilities(transports: List<Int>, vararg has: Int): NetworkCapabilities {
        val capabilities = ShadowNetworkCapabilities.newInstance()
        transports.forEach(shadowOf(capabilities)::addTransportType)
        has.forEach(shadowOf(capabilities)::addCapability)
        return capabilities
    }

    private fun state(): NetworkState = events.fold(NetworkReducer()) { reducer, event -> reducer.after(event) }.state

    @After
    fun stop() = port.stop()

    @Test
    fun `a network that works`() {
        val internet = NetworkCapabilities.NET_CAPABILITY_VALIDATED
        started().onCapabilitiesChanged(network, capabilities(listOf(NetworkCapabilities.TRANSPORT_WIFI), internet))
        assertTrue(state().online && state().validated && state().lanAllowed)
    }

    @Test
    fun `the network is lost`() {
        started().onLost(network)
        assertFalse(state().online)
    }

    @Test
    fun `a metered network`() {
        val validated = NetworkCapabilities.NET_CAPABILITY_VALIDATED
        val callback = started()
        callback.onCapabilitiesChanged(network, capabilities(listOf(NetworkCapabilities.TRANSPORT_CELLULAR), validated))
        val event = events.filterIsInstance<NetworkEvent.CapabilitiesChanged>().last()
        assertTrue(event.metered)
        assertEquals(setOf(Transport.CELLULAR), event.transports)
        assertTrue(state().online && state().validated && !state().lanAllowed)
    }

    @Test
    fun `a tunnel`() {
        val transports = listOf(NetworkCapabilities.TRANSPORT_VPN, NetworkCapabilities.TRANSPORT_WIFI)
        started().onCapabilitiesChanged(network, capabilities(transports, NetworkCapabilities.NET_CAPABILITY_NOT_METERED))
        val event = events.filterIsInstance<NetworkEvent.CapabilitiesChanged>().last()
        assertEquals(setOf(Transport.VPN, Transport.WIFI), event.transports)
        assertFalse(event.metered)
    }

    @Test
    fun `a sign-in page stands before the network`() {
        val has = intArrayOf(NetworkCapabilities.NET_CAPABILITY_VALIDATED, NetworkCapabilities.NET_CAPABILITY_CAPTIVE_PORTAL)
        started().onCapabilitiesChanged(network, capabilities(listOf(NetworkCapabilities.TRANSPORT_WIFI), *has))
        assertTrue(state().online)
        assertFalse(state().validated)
    }

    @Test
    fun `the system keeps the app from the network, as in Doze`() {
        started().onBlockedStatusChanged(network, true)
        assertTrue(state().online && state().blocked)
    }

    @Test
    fun `of the phone's addresses those are told that somebody can dial`() {
        val properties = LinkProperties()
        val constructor = LinkAddress::class.java.getConstructor(InetAddress::class.java, Int::class.java)
        val addresses = listOf("192.168.0.7", "fe80::1", "2001:db8::7").map(InetAddress::getByName)
        properties.setLinkAddresses(addresses.map { constructor.newInstance(it, 24) })
        started().onLinkPropertiesChanged(network, properties)
        val told = state().localAddresses.map(InetAddress::getByName).toSet()
        assertEquals(addresses.filterNot { it.isLinkLocalAddress }.toSet(), told)
    }

    @Test
    fun `nobody listens any more after the end`() {
        started()
        port.stop()
        assertTrue(shadowOf(manager).networkCallbacks.isEmpty())
    }
}
