package org.countersign.shell

import android.net.nsd.NsdServiceInfo
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import java.net.InetAddress

/** What a phone of another make, or of an older version, says of itself, and what we say. */
internal class LanServiceTest : AndroidTest() {
    private fun found(record: Map<String, String?>, hosts: List<String> = listOf("192.168.0.9"), port: Int = NOBODYS) = NsdServiceInfo().apply {
        serviceName = "somebody"
        serviceType = "_countersign._tcp"
        hostAddresses = hosts.map(InetAddress::getByName)
        setPort(port)
        record.forEach { (key, value) -> setAttribute(key, value) }
    }

    private fun addresses(vararg named: String?, hosts: List<String> = listOf("192.168.0.9")): List<String> {
        val record = mapOf("peer" to KEY) + named.mapIndexed { index, address -> "a$index" to address }
        return LanService.of(found(record, hosts))?.addresses.orEmpty() - "/ip4/192.168.0.9/tcp/$NOBODYS"
    }

    @Test
    fun `an iPhone is dialled where its record says, not at the port that it is announced with`() {
        val record = mapOf(
            "peer" to "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "a0" to "/ip4/192.168.0.9/tcp/50123",
            "a1" to "/ip4/192.168.0.9/udp/50124/webrtc-direct/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ",
            "a2" to "/ip6/fd12:3456:789a::9/tcp/50123",
        )
        val service = LanService.of(found(record))
        assertEquals(record["peer"], service?.peer)
        assertEquals(listOf("a0", "a1", "a2").map(record::get), service?.addresses)
    }

    @Test
    fun `an older service, which names no address, is dialled where the system has found it`() {
        val record = mapOf("peer" to KEY)
        assertEquals(listOf("/ip4/192.168.0.9/tcp/4001"), LanService.of(found(record, port = 4001))?.addresses)
        val ip6 = found(record, hosts = listOf("fe80::9", "fd00::9"), port = 4001)
        assertEquals(listOf("/ip6/fd00:0:0:0:0:0:0:9/tcp/4001"), LanService.of(ip6)?.addresses)
    }

    @Test
    fun `what is none of ours, or can be found nowhere, is left out`() {
        val named = mapOf("a0" to "/ip4/192.168.0.9/tcp/4001")
        assertNull(LanService.of(found(named)))
        listOf("no key", KEY.uppercase(), "", null).forEach { assertNull(it, LanService.of(found(named + ("peer" to it)))) }
        assertNull(LanService.of(found(mapOf("peer" to KEY), hosts = listOf("fe80::9"))))
        assertNull(LanService.of(found(mapOf("peer" to KEY), port = 0)))
        assertNull(LanService.of(found(mapOf("peer" to KEY), hosts = emptyList())))
    }

    @Test
    fun `an address that is none costs that address and no other`() {
        val good = "/ip4/192.168.0.9/tcp/4001"
        val bad = listOf(
            null, "", "/", "192.168.0.9:4001", "/dns4/example.org/tcp/4001", "/ip4/example/tcp/4001", "/ip4/192.168.0/tcp/4001",
            "/ip4/192.168.0.256/tcp/4001", "/ip6/fd00:::1/tcp/4001", "/ip6/fd00::1::2/tcp/4001", "/ip6/1:2:3:4:5:6:7:8:9/tcp/4001",
            "/ip6/192.168.0.9/tcp/4001", "/ip4/fd00::9/tcp/4001", "/ip4/192.168.0.9/tcp/0", "/ip4/192.168.0.9/tcp/65536",
            "/ip4/192.168.0.9/tcp/4001/", "/ip4/192.168.0.9/tcp/4001/p2p/a b", "\uFFFD/ip4/192.168.0.9/tcp/4001",
        )
        bad.forEach { assertEquals(it, listOf(good), addresses(it, good)) }
    }

    @Test
    fun `bytes that are no text are no address`() {
        val info = found(mapOf("peer" to KEY, "a1" to "/ip4/192.168.0.9/tcp/4001"))
        val setAttribute = NsdServiceInfo::class.java.getMethod("setAttribute", String::class.java, ByteArray::class.java)
        setAttribute.invoke(info, "a0", byteArrayOf(-1, -2, 0, '/'.code.toByte()))
        assertEquals(listOf("/ip4/192.168.0.9/tcp/4001"), LanService.of(info)?.addresses)
    }

    @Test
    fun `an address outside the local network is not dialled, whoever names it`() {
        val outside = listOf(
            "/ip4/203.0.113.9/tcp/4001", "/ip6/2001:db8::9/tcp/4001", "/ip4/127.0.0.1/tcp/4001", "/ip6/::1/tcp/4001",
            "/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001", "/ip4/224.0.0.1/udp/4001", "/ip6/fe80::9/tcp/4001",
            "/ip4/192.168.0.9/tcp/4001/p2p/12D3KooW/p2p-circuit", "/ip4/192.168.0.9/tcp/4001/p2p-circuit/p2p/12D3KooW",
        )
        outside.forEach { assertEquals(it, emptyList<String>(), addresses(it)) }
        val inside = listOf("/ip4/10.0.0.9/tcp/1", "/ip4/172.16.0.9/tcp/1", "/ip4/169.254.7.9/tcp/1", "/ip6/fc00::9/tcp/1")
        assertEquals(inside, addresses(*inside.toTypedArray()))
    }

    @Test
    fun `a public address is one of the local network if the system has found it there`() {
        val address = "/ip6/2001:db8::9/tcp/50123"
        assertEquals(listOf(address), addresses(address, hosts = listOf("2001:db8::9")))
    }

    @Test
    fun `at most eight addresses are read, none of them too long`() {
        val many = (0..9).map { "/ip4/10.0.0.$it/tcp/1" }
        assertEquals(many.take(8), addresses(*many.toTypedArray()))
        val long = "/ip4/10.0.0.1/tcp/1/p2p/" + "x".repeat(176)
        assertEquals(listOf(long), addresses(long))
        assertEquals(emptyList<String>(), addresses(long + "x"))
    }

    @Test
    fun `we are announced with the key and the addresses that others can dial, in their order`() {
        val listening = listOf(
            "/ip4/127.0.0.1/tcp/4001", "/ip4/192.168.0.7/tcp/4001", "/ip6/fe80::7/tcp/4001", "/ip4/192.168.0.7/udp/4002/webrtc-direct",
            "/ip4/203.0.113.1/tcp/443/p2p/12D3KooW/p2p-circuit",
        )
        val expected = mapOf("peer" to KEY, "a0" to "/ip4/192.168.0.7/tcp/4001", "a1" to "/ip4/192.168.0.7/udp/4002/webrtc-direct")
        val record = LanService(KEY, listening).record()
        assertEquals(expected, record)
        assertEquals(listOf("a0", "a1").map(record::get), LanService.of(found(record))?.addresses)
    }

    @Test
    fun `of more than eight addresses the first eight are announced`() {
        val many = (1..9).map { "/ip4/10.0.0.$it/tcp/1" }
        assertEquals(many.take(8), LanService(KEY, many).record().minus("peer").values.toList())
    }

    @Test
    fun `a record is never more than the system takes`() {
        val long = (1..8).map { "/ip4/10.0.0.$it/tcp/1/p2p/" + "x".repeat(176) }
        val record = LanService(KEY, long).record()
        found(record)
        assertTrue("${record.size}", record.size > 5)
        assertTrue(record.all { (key, value) -> key.length + 1 + value.length <= 255 })
    }

    @Test
    fun `of the addresses at which we listen a port is announced`() {
        assertEquals(4001, LanAddress.of("/ip4/0.0.0.0/tcp/4001")?.tcpPort)
        assertEquals(4001, LanAddress.of("/ip6/fd00::7/tcp/4001/p2p/abc")?.tcpPort)
        assertNull(LanAddress.of("/ip4/192.168.0.7/udp/4001/quic-v1")?.tcpPort)
        assertNull(LanAddress.of("/ip4/203.0.113.1/tcp/443/p2p/abc/p2p-circuit")?.tcpPort)
    }

    private companion object {
        /** An iPhone opens a port so that it may be announced, and talks to nobody there. */
        const val NOBODYS = 9

        val KEY = "ab".repeat(32)
    }
}
