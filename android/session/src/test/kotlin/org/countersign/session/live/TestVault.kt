package org.countersign.session.live

import kotlinx.coroutines.delay
import org.countersign.KeyPurpose
import org.countersign.Vault
import java.util.concurrent.CopyOnWriteArrayList

private const val SECRET_BYTES = 32
private const val TRANSPORT = 100

/** Keeps the secrets of co-signer [number]; [refuse] is what it throws instead of the signing secret, after [delayMs]. */
internal class TestVault(private val number: Int) : Vault {
    @Volatile
    var refuse: Throwable? = null

    @Volatile
    var delayMs = 0L

    val asked = CopyOnWriteArrayList<KeyPurpose>()

    override fun transportSecret() = ByteArray(SECRET_BYTES) { (TRANSPORT + number).toByte() }

    override suspend fun signingSecret(purpose: KeyPurpose): ByteArray {
        asked += purpose
        delay(delayMs)
        refuse?.let { throw it }
        return ByteArray(SECRET_BYTES) { number.toByte() }
    }
}
