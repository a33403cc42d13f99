package org.countersign.shell

import android.app.Activity
import android.hardware.biometrics.BiometricPrompt
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.async
import org.countersign.KeyPurpose
import org.countersign.VaultFault
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.shadows.ShadowBiometricPrompt
import org.robolectric.shadows.ShadowLooper
import javax.crypto.Cipher

@OptIn(ExperimentalCoroutinesApi::class)
internal class BiometricPresenceTest : AndroidTest() {
    private val cipher: Cipher = FakeKeys().sealing(KeyName.SIGNING)
    private var seen: Activity? = null

    private fun ask(): Deferred<Cipher> {
        val presence = BiometricPresence(app.core.resources) { seen }
        val answer = CoroutineScope(Dispatchers.Default).async { presence.confirm(cipher, KeyPurpose.SIGN) }
        repeat(20) {
            ShadowLooper.idleMainLooper()
            Thread.sleep(10)
        }
        return answer
    }

    private fun look() {
        seen = Robolectric.buildActivity(Activity::class.java).setup().get()
    }

    private fun Deferred<Cipher>.fault(): Throwable? {
        until("an answer") { isCompleted }
        return getCompletionExceptionOrNull()
    }

    @Test
    fun `it is the user`() {
        look()
        val answer = ask()
        assertTrue(!answer.isCompleted)
        ShadowBiometricPrompt.authenticateCurrentSessionSuccessfully()
        until("an answer") { answer.isCompleted }
        assertSame(cipher, answer.getCompleted())
    }

    @Test
    fun `the user says no`() {
        look()
        val answer = ask()
        ShadowBiometricPrompt.authenticateCurrentSessionWithError(BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED, "no")
        assertTrue(answer.fault() is VaultFault.UserCancelled)
    }

    @Test
    fun `too many strangers tried`() {
        look()
        val answer = ask()
        ShadowBiometricPrompt.authenticateCurrentSessionWithError(BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT, "wait")
        assertTrue(answer.fault() is VaultFault.LockedOut)
    }

    @Test
    fun `whoever waits no more takes the prompt away`() {
        look()
        val answer = ask()
        answer.cancel()
        assertTrue(answer.fault() is kotlinx.coroutines.CancellationException)
    }

    @Test
    fun `nobody is asked who does not see the app`() {
        assertTrue(ask().fault() is VaultFault.Unavailable)
    }
}
