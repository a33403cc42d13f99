package org.countersign.session

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

internal class PeerNameTest {
    @Test
    fun `what is not seen is removed, and what separates is one space`() {
        val names = mapOf(
            "Ada" to "Ada",
            "  Ada \t\n Lovelace\u00A0\u2003 " to "Ada Lovelace",
            "Ada\u202Egnp.exe\u202C" to "Adagnp.exe",
            "\u2068A\u0000d\u0007a\u2069\u200F" to "Ada",
            "A \u202E B" to "A B",
            "\u202E \u0000" to "",
            "👩‍🚀 Ada" to "👩‍🚀 Ada",
            "عائشة" to "عائشة",
        )
        for ((name, clean) in names) assertEquals(clean, PeerName.clean(name))
    }

    @Test
    fun `a long name is cut between characters`() {
        assertEquals("x".repeat(64), PeerName.clean("x".repeat(65)))
        assertEquals("🗝".repeat(64), PeerName.clean("🗝".repeat(100)))
    }

    @Test
    fun `cleaning twice is cleaning once`() {
        val name = "\u202E \u2066 A\u200E \n B " + "x".repeat(80)
        assertEquals(PeerName.clean(name), PeerName.clean(PeerName.clean(name)))
    }
}
