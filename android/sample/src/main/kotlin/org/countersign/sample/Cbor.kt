package org.countersign.sample

/** Reads what a card needs of CBOR (RFC 8949), one after the other. */
internal class Cbor(private val encoded: ByteArray) {
    private var at = 0

    /** Reads a number that is not negative. */
    fun number(): ULong = head(NUMBER)

    /** Reads how many elements an array has; they follow. */
    fun array(): ULong = head(ARRAY)

    /** Reads a string of bytes. */
    fun bytes(): ByteArray = take(head(BYTES))

    /** Reads a text. */
    fun text(): String = take(head(TEXT)).decodeToString()

    private fun head(type: Int): ULong {
        val first = take(1uL).single().toInt() and 0xFF
        if (first shr 5 != type) throw CborException()
        val rest = first and 0x1F
        if (rest < ONE_BYTE) return rest.toULong()
        if (rest > EIGHT_BYTES) throw CborException()
        return take(1uL shl rest - ONE_BYTE).fold(0uL) { number, byte -> (number shl 8) or byte.toUByte().toULong() }
    }

    private fun take(size: ULong): ByteArray {
        if (size > (encoded.size - at).toULong()) throw CborException()
        val end = at + size.toInt()
        return encoded.copyOfRange(at, end).also { at = end }
    }

    private companion object {
        const val NUMBER = 0
        const val BYTES = 2
        const val TEXT = 3
        const val ARRAY = 4

        /** The argument is in as many bytes as follow. */
        const val ONE_BYTE = 24
        const val EIGHT_BYTES = 27
    }
}

/** It is not what is read. */
internal class CborException : Exception()
