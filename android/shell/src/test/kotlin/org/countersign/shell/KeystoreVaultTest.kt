package org.countersign.shell

import android.os.UserManager
import kotlinx.coroutines.runBlocking
import org.countersign.KeyPurpose
import org.countersign.VaultFault
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf

internal class KeystoreVaultTest : AndroidTest() {
    private val keys = FakeKeys()
    private val asked = mutableListOf<KeyPurpose>()
    private var refusal: VaultFault? = null

    private fun vault() = KeystoreVault(app, presence, keys)

    private val presence = Presence { cipher, purpose ->
        asked += purpose
        refusal?.let { throw it }
        cipher
    }

    private fun signing(purpose: KeyPurpose) = runBlocking { vault().signingSecret(purpose) }

    private fun files() = app.noBackupFilesDir.listFiles().orEmpty().filter { it.name.startsWith("countersign.") }

    @Test
    fun `the transport secret is made once, without the user, and is the same for ever`() {
        val secret = vault().transportSecret()
        assertEquals(32, secret.size)
        assertArrayEquals(secret, vault().transportSecret())
        assertTrue(asked.isEmpty())
    }

    @Test
    fun `the signing secret is made for the card, and each use of it wants the user`() {
        val secret = signing(KeyPurpose.CARD)
        assertArrayEquals(secret, signing(KeyPurpose.SIGN))
        assertArrayEquals(secret, signing(KeyPurpose.NONCES))
        assertEquals(listOf(KeyPurpose.CARD, KeyPurpose.SIGN, KeyPurpose.NONCES), asked)
        assertFalse(secret.contentEquals(vault().transportSecret()))
    }

    @Test
    fun `what lies in the files is wrapped, and no backup takes it along`() {
        val secrets = listOf(signing(KeyPurpose.CARD), vault().transportSecret())
        assertEquals(2, files().size)
        for (file in files()) {
            val text = file.readBytes().toHexString()
            assertTrue(secrets.none { it.toHexString() in text })
            assertEquals(12 + 32 + 16, file.length().toInt())
        }
    }

    @Test
    fun `without a card there is no secret to sign with, and none is made`() {
        assertThrows(VaultFault.NotFound::class.java) { signing(KeyPurpose.SIGN) }
        assertTrue(files().isEmpty())
    }

    @Test
    fun `who says no is taken at the word`() {
        signing(KeyPurpose.CARD)
        refusal = VaultFault.UserCancelled()
        assertThrows(VaultFault.UserCancelled::class.java) { signing(KeyPurpose.SIGN) }
        refusal = VaultFault.LockedOut()
        assertThrows(VaultFault.LockedOut::class.java) { signing(KeyPurpose.SIGN) }
    }

    @Test
    fun `nobody is asked because an address is another`() {
        signing(KeyPurpose.CARD)
        asked.clear()
        assertThrows(VaultFault.UserCancelled::class.java) { signing(KeyPurpose.ADDRESSES) }
        assertTrue(asked.isEmpty())
    }

    @Test
    fun `a key that is gone for good says so, and no other takes its place`() {
        signing(KeyPurpose.CARD)
        keys.invalidate()
        assertThrows(VaultFault.Invalidated::class.java) { signing(KeyPurpose.SIGN) }
        assertThrows(VaultFault.Invalidated::class.java) { signing(KeyPurpose.CARD) }
    }

    @Test
    fun `a file that was changed is no secret`() {
        signing(KeyPurpose.CARD)
        val file = files().single()
        file.writeBytes(file.readBytes().also { it[20] = (it[20] + 1).toByte() })
        assertThrows(VaultFault.Unavailable::class.java) { signing(KeyPurpose.SIGN) }
        file.writeBytes(ByteArray(3))
        assertThrows(VaultFault.Unavailable::class.java) { signing(KeyPurpose.SIGN) }
    }

    @Test
    fun `before the first unlock there is nothing`() {
        shadowOf(app.service<UserManager>()).setUserUnlocked(false)
        assertThrows(VaultFault.NotAvailableBeforeFirstUnlock::class.java) { vault().transportSecret() }
        assertThrows(VaultFault.NotAvailableBeforeFirstUnlock::class.java) { signing(KeyPurpose.CARD) }
    }
}
