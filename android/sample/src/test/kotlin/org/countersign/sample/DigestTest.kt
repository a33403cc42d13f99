package org.countersign.sample

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

/** What the user writes becomes 32 bytes, or nothing. */
internal class DigestTest {
    private val bytes = ByteArray(32) { (it * 7).toByte() }

    @Test
    fun `64 digits are read in either case, and with room between them`() {
        val digits = bytes.toHexString()
        for (text in listOf(digits, digits.uppercase(), digits.chunked(8).joinToString(" "), "\n$digits\n")) assertArrayEquals(bytes, Digest.ofHex(text))
    }

    @Test
    fun `anything else is nothing`() {
        val digits = bytes.toHexString()
        for (text in listOf("", digits.drop(1), digits + "0", "0x$digits", digits.dropLast(1) + "g", digits.dropLast(1) + "٣")) assertNull(text, Digest.ofHex(text))
    }

    @Test
    fun `a text becomes its SHA-256`() {
        // FIPS 180-4's example.
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Digest.ofText("abc").toHexString())
    }
}
