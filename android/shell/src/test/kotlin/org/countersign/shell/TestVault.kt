package org.countersign.shell

import org.countersign.KeyPurpose
import org.countersign.Vault
import java.util.concurrent.CopyOnWriteArrayList

/** Keeps the secrets of co-signer [number], and remembers for what it was asked. */
internal class TestVault(private val number: Int) : Vault {
    val asked = CopyOnWriteArrayList<KeyPurpose>()

    override fun transportSecret() = ByteArray(SECRET_BYTES) { (TRANSPORT + number).toByte() }

    override suspend fun signingSecret(purpose: KeyPurpose): ByteArray {
        asked += purpose
        return ByteArray(SECRET_BYTES) { number.toByte() }
    }

    private companion object {
        const val SECRET_BYTES = 32
        const val TRANSPORT = 100
    }
}
