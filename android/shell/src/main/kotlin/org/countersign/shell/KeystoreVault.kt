package org.countersign.shell

import android.content.Context
import android.os.UserManager
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import org.countersign.KeyPurpose
import org.countersign.Vault
import org.countersign.VaultFault
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.SecureRandom

/** Keeps both secrets wrapped by keys of the phone's keystore, and unwraps the one that signs only for the user. */
public class KeystoreVault(
    private val context: Context,
    private val presence: Presence,
    private val keys: WrappingKeys = KeystoreKeys(),
) : Vault {
    private val secrets = WrappedSecrets(context)

    override fun transportSecret(): ByteArray = typed {
        unlockedOnce()
        secrets.read(KeyName.TRANSPORT)?.let { keys.opening(KeyName.TRANSPORT, it.iv).doFinal(it.sealed) }
            ?: create().also { secrets.write(KeyName.TRANSPORT, keys.sealing(KeyName.TRANSPORT), it) }
    }

    override suspend fun signingSecret(purpose: KeyPurpose): ByteArray = typed {
        unlockedOnce()
        // Our addresses change with every network: nobody is asked for that.
        if (purpose == KeyPurpose.ADDRESSES) throw VaultFault.UserCancelled()
        val wrapped = secrets.read(KeyName.SIGNING)
        if (wrapped != null) {
            presence.confirm(keys.opening(KeyName.SIGNING, wrapped.iv), purpose).doFinal(wrapped.sealed)
        } else {
            if (purpose != KeyPurpose.CARD) throw VaultFault.NotFound()
            val cipher = presence.confirm(keys.sealing(KeyName.SIGNING), purpose)
            create().also { secrets.write(KeyName.SIGNING, cipher, it) }
        }
    }

    private fun unlockedOnce() {
        if (!context.service<UserManager>().isUserUnlocked) throw VaultFault.NotAvailableBeforeFirstUnlock()
    }

    private companion object {
        const val SECRET_BYTES = 32

        fun create() = ByteArray(SECRET_BYTES).also(SecureRandom()::nextBytes)

        inline fun <T> typed(read: () -> T): T = try {
            read()
        } catch (_: KeyPermanentlyInvalidatedException) {
            throw VaultFault.Invalidated()
        } catch (_: UserNotAuthenticatedException) {
            throw VaultFault.UserCancelled()
        } catch (fault: GeneralSecurityException) {
            throw VaultFault.Unavailable(fault.javaClass.simpleName)
        } catch (fault: IOException) {
            throw VaultFault.Unavailable(fault.javaClass.simpleName)
        }
    }
}
