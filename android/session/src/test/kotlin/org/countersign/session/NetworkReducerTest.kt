package org.countersign.session

import org.countersign.NetworkState
import org.countersign.session.NetworkEvent.AddressesChanged
import org.countersign.session.NetworkEvent.Available
import org.countersign.session.NetworkEvent.BlockedChanged
import org.countersign.session.NetworkEvent.CapabilitiesChanged
import org.countersign.session.NetworkEvent.LanPermissionChanged
import org.countersign.session.NetworkEvent.Lost
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.random.Random

internal class NetworkReducerTest {
    @Test
    fun `without a network nothing is online`() {
        val nothing = NetworkState(
            online = false, blocked = false, validated = false, lanAllowed = false, generation = 0u, localAddresses = emptyList(),
        )
        assertEquals(nothing, NetworkReducer().state)
    }

    @Test
    fun `a network with all that is known of it`() {
        val state = wifi().state
        assertTrue(state.online && state.validated && state.lanAllowed && !state.blocked)
        assertEquals(listOf("192.0.2.7", "2001:db8::7"), state.localAddresses)
    }

    @Test
    fun `the generation changes with the network, its addresses and its kind`() {
        val changes = listOf(
            Available(2),
            Lost(1),
            AddressesChanged(1, listOf("192.0.2.8")),
            CapabilitiesChanged(1, setOf(Transport.WIFI, Transport.VPN), validated = true, captive = false, metered = false),
        )
        for (change in changes) assertEquals(wifi().state.generation + 1u, wifi().after(change).state.generation, "$change")
    }

    @Test
    fun `the generation stays when only the price, the reach or a permission changes`() {
        val changes = listOf(
            Available(1),
            Lost(9),
            AddressesChanged(1, listOf("2001:db8::7", "192.0.2.7", "192.0.2.7", "fe80::1%wlan0")),
            CapabilitiesChanged(1, setOf(Transport.WIFI), validated = false, captive = true, metered = true),
            BlockedChanged(1, blocked = true),
            LanPermissionChanged(allowed = false),
        )
        for (change in changes) assertEquals(wifi().state.generation, wifi().after(change).state.generation, "$change")
    }

    @Test
    fun `behind a sign-in page a network is not validated, whatever the system says`() {
        val captive = CapabilitiesChanged(1, setOf(Transport.WIFI), validated = true, captive = true, metered = false)
        assertFalse(wifi().after(captive).state.validated)
    }

    @Test
    fun `a mobile network has no local one, and a tunnel has that below it`() {
        fun over(vararg transports: Transport) =
            wifi().after(CapabilitiesChanged(1, transports.toSet(), validated = true, captive = false, metered = true)).state.lanAllowed
        assertFalse(over(Transport.CELLULAR))
        assertFalse(over(Transport.CELLULAR, Transport.VPN))
        assertTrue(over(Transport.WIFI, Transport.VPN))
    }

    @Test
    fun `what is said too late of the network before changes nothing`() {
        val now = wifi().after(Available(2))
        val late = listOf(Lost(1), BlockedChanged(1, blocked = true), AddressesChanged(1, listOf("192.0.2.9")))
        assertEquals(now.state, late.fold(now, NetworkReducer::after).state)
    }

    @Test
    fun `in random lives the generation moves exactly when the network is another`() {
        val dice = Random(seed = 7)
        repeat(2_000) {
            var reducer = NetworkReducer()
            repeat(20) {
                val event = random(dice)
                val before = reducer.state
                reducer = reducer.after(event)
                val moved = reducer.state.generation != before.generation
                val seenFromOutside = reducer.state.online != before.online || reducer.state.localAddresses != before.localAddresses
                assertTrue(moved || !seenFromOutside, "$event")
                val mayMove = event is Available || event is Lost || event is AddressesChanged || event is CapabilitiesChanged
                assertTrue(mayMove || !moved, "$event")
                assertEquals(reducer.state.generation, reducer.after(event).state.generation, "twice the same is nothing new")
            }
        }
    }

    private fun random(dice: Random): NetworkEvent {
        val network = dice.nextLong(3)
        return when (dice.nextInt(6)) {
            0 -> Available(network)
            1 -> Lost(network)
            2 -> AddressesChanged(network, listOf("192.0.2.${dice.nextInt(3)}"))
            3 -> capabilities(network, dice)
            4 -> BlockedChanged(network, dice.nextBoolean())
            else -> LanPermissionChanged(dice.nextBoolean())
        }
    }

    private fun capabilities(network: Long, dice: Random) = CapabilitiesChanged(
        network,
        setOf(Transport.entries.random(dice)),
        validated = dice.nextBoolean(),
        captive = dice.nextBoolean(),
        metered = dice.nextBoolean(),
    )

    private fun wifi() = listOf(
        LanPermissionChanged(allowed = true),
        Available(1),
        CapabilitiesChanged(1, setOf(Transport.WIFI), validated = true, captive = false, metered = false),
        AddressesChanged(1, listOf("192.0.2.7", "fe80::1", "2001:db8::7")),
    ).fold(NetworkReducer(), NetworkReducer::after)
}
