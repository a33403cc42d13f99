package org.countersign.session.live

import java.math.BigInteger
import java.security.MessageDigest

/** Verifies signatures as BIP-340 says, slowly. */
internal object Bip340 {
    private const val BYTES = 32
    private const val HEX = 16
    private val P = BigInteger("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F", HEX)
    private val N = BigInteger("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141", HEX)
    private val G = Point(
        BigInteger("79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798", HEX),
        BigInteger("483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8", HEX),
    )
    private val THREE = BigInteger.valueOf(3)
    private val SEVEN = BigInteger.valueOf(7)

    fun verify(key: ByteArray, digest: ByteArray, signature: ByteArray): Boolean {
        val point = lift(BigInteger(1, key)) ?: return false
        val nonce = signature.copyOf(BYTES)
        val s = BigInteger(1, signature.copyOfRange(BYTES, signature.size))
        if (s >= N) return false
        val challenge = BigInteger(1, taggedHash(nonce + key + digest)).mod(N)
        val sum = add(multiply(G, s), multiply(point, N - challenge)) ?: return false
        return !sum.y.testBit(0) && sum.x == BigInteger(1, nonce)
    }

    private data class Point(val x: BigInteger, val y: BigInteger)

    private fun lift(x: BigInteger): Point? {
        if (x >= P) return null
        val square = (x.pow(3) + SEVEN).mod(P)
        val y = square.modPow((P + BigInteger.ONE).shiftRight(2), P)
        if (y.modPow(BigInteger.TWO, P) != square) return null
        return Point(x, if (y.testBit(0)) P - y else y)
    }

    private fun multiply(point: Point, times: BigInteger): Point? {
        var sum: Point? = null
        for (bit in times.bitLength() - 1 downTo 0) {
            sum = add(sum, sum)
            if (times.testBit(bit)) sum = add(sum, point)
        }
        return sum
    }

    private fun add(one: Point?, other: Point?): Point? {
        if (one == null) return other
        if (other == null) return one
        if (one.x == other.x && one.y != other.y) return null
        val slope = if (one == other) {
            THREE * one.x.pow(2) * (one.y.shiftLeft(1)).modInverse(P)
        } else {
            (other.y - one.y) * (other.x - one.x).modInverse(P)
        }
        val x = (slope.pow(2) - one.x - other.x).mod(P)
        return Point(x, (slope * (one.x - x) - one.y).mod(P))
    }

    private fun taggedHash(message: ByteArray): ByteArray {
        val sha = MessageDigest.getInstance("SHA-256")
        val tag = sha.digest("BIP0340/challenge".toByteArray())
        return sha.digest(tag + tag + message)
    }
}
