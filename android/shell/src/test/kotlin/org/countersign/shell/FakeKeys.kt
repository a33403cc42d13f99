package org.countersign.shell

import android.security.keystore.KeyPermanentlyInvalidatedException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/** Keys in memory: no test's machine has the phone's. */
internal class FakeKeys : WrappingKeys {
    private val keys = mutableMapOf<KeyName, SecretKey>()

    /** As the system does once new biometry is enrolled. */
    fun invalidate() = keys.clear()

    override fun sealing(name: KeyName): Cipher {
        val key = keys.getOrPut(name) { KeyGenerator.getInstance("AES").apply { init(256) }.generateKey() }
        return Cipher.getInstance("AES/GCM/NoPadding").apply { init(Cipher.ENCRYPT_MODE, key) }
    }

    override fun opening(name: KeyName, iv: ByteArray): Cipher {
        val key = keys[name] ?: throw KeyPermanentlyInvalidatedException()
        return Cipher.getInstance("AES/GCM/NoPadding").apply { init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(128, iv)) }
    }
}
