package org.countersign.shell

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import java.security.Key
import java.security.KeyStore
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.spec.GCMParameterSpec

/** Keys of the phone's keystore: in a chip of their own where the phone has one. */
public class KeystoreKeys : WrappingKeys {
    private val store = KeyStore.getInstance(PROVIDER).apply { load(null) }

    override fun sealing(name: KeyName): Cipher = cipher().apply { init(Cipher.ENCRYPT_MODE, key(name) ?: create(name)) }

    override fun opening(name: KeyName, iv: ByteArray): Cipher {
        val key = key(name) ?: throw KeyPermanentlyInvalidatedException()
        return cipher().apply { init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, iv)) }
    }

    private fun key(name: KeyName): Key? = store.getKey(alias(name), null)

    private fun create(name: KeyName): Key {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P) return generate(spec(name).build())
        return try {
            generate(spec(name).setIsStrongBoxBacked(true).build())
        } catch (_: StrongBoxUnavailableException) {
            generate(spec(name).build())
        }
    }

    private fun generate(spec: KeyGenParameterSpec): Key =
        KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).apply { init(spec) }.generateKey()

    private fun spec(name: KeyName): KeyGenParameterSpec.Builder {
        val spec = KeyGenParameterSpec.Builder(alias(name), KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setKeySize(KEY_BITS)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
        return when (name) {
            KeyName.TRANSPORT -> spec
            KeyName.SIGNING -> spec.wantUser()
        }
    }

    /** Each use wants the user; new biometry makes the key useless. */
    private fun KeyGenParameterSpec.Builder.wantUser() = apply {
        setUserAuthenticationRequired(true)
        setInvalidatedByBiometricEnrollment(true)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            setUserAuthenticationParameters(0, KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL)
        }
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val KEY_BITS = 256
        const val TAG_BITS = 128

        fun alias(name: KeyName) = "countersign." + name.name.lowercase()

        fun cipher(): Cipher = Cipher.getInstance("AES/GCM/NoPadding")
    }
}
