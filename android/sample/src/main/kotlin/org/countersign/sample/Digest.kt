package org.countersign.sample

import java.security.MessageDigest

/** The 32 bytes that are signed. */
internal object Digest {
    private val HEX = Regex("[0-9a-fA-F]{64}")

    /** Reads 64 hex digits, with room between them or not; `null` if they are none. */
    fun ofHex(digits: String): ByteArray? = digits.filterNot(Char::isWhitespace).takeIf(HEX::matches)?.hexToByteArray()

    /** Returns the SHA-256 of a text. */
    fun ofText(text: String): ByteArray = MessageDigest.getInstance("SHA-256").digest(text.toByteArray())
}
