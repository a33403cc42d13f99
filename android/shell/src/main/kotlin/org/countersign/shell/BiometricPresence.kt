package org.countersign.shell

import android.app.Activity
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.os.CancellationSignal
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import org.countersign.KeyPurpose
import org.countersign.VaultFault
import org.countersign.session.ResourcePort
import org.countersign.session.Text
import javax.crypto.Cipher
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException

/** Asks by the system's own prompt, over the screen that the user sees; where none is seen, nobody is asked. */
public class BiometricPresence(private val resources: ResourcePort, private val activity: () -> Activity?) : Presence {
    override suspend fun confirm(cipher: Cipher, purpose: KeyPurpose): Cipher {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P) throw VaultFault.Unavailable("this Android has no such prompt")
        return withContext(Dispatchers.Main) {
            val screen = activity() ?: throw VaultFault.Unavailable("the user does not see the app")
            ask(screen, cipher, purpose)
        }
    }

    private suspend fun ask(screen: Activity, cipher: Cipher, purpose: KeyPurpose): Cipher = suspendCancellableCoroutine { waiting ->
        val cancel = CancellationSignal()
        waiting.invokeOnCancellation { cancel.cancel() }
        val answer = object : BiometricPrompt.AuthenticationCallback() {
            override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) {
                if (waiting.isActive) waiting.resume(result.cryptoObject?.cipher ?: cipher)
            }

            override fun onAuthenticationError(code: Int, words: CharSequence) {
                if (waiting.isActive) waiting.resumeWithException(fault(code))
            }
        }
        val refuse = { if (waiting.isActive) waiting.resumeWithException(VaultFault.UserCancelled()) }
        prompt(screen, purpose, refuse).authenticate(BiometricPrompt.CryptoObject(cipher), cancel, screen.mainExecutor, answer)
    }

    private fun prompt(screen: Activity, purpose: KeyPurpose, refuse: () -> Unit): BiometricPrompt {
        val builder = BiometricPrompt.Builder(screen).setTitle(title(purpose).resolve(resources))
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            builder.setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)
        } else {
            builder.setNegativeButton(Text("screen_cancel").resolve(resources), screen.mainExecutor) { _, _ -> refuse() }
        }
        return builder.build()
    }

    private fun title(purpose: KeyPurpose) = when (purpose) {
        KeyPurpose.CARD, KeyPurpose.ADDRESSES -> Text("screen_unlock_card")
        KeyPurpose.NONCES, KeyPurpose.SIGN -> Text("screen_unlock")
    }

    private fun fault(code: Int): VaultFault = when (code) {
        BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT, BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT -> VaultFault.LockedOut()
        BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED, BiometricPrompt.BIOMETRIC_ERROR_CANCELED, BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT ->
            VaultFault.UserCancelled()
        else -> VaultFault.Unavailable("the prompt failed with error $code")
    }
}
