package org.countersign.session.live

import kotlinx.coroutines.runBlocking
import org.countersign.KeyPurpose
import org.countersign.NextAction
import org.countersign.NodeException
import org.countersign.Outcome
import org.countersign.VaultFault
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path

internal class VaultTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `whatever the vault throws arrives as it is, or as unavailable with its words`(): Unit = runBlocking {
        val faults = listOf(
            VaultFault.UserCancelled(), VaultFault.LockedOut(), VaultFault.Invalidated(), VaultFault.NotAvailableBeforeFirstUnlock(),
            VaultFault.NotFound(), VaultFault.Unavailable("the chip is hot"), IllegalStateException("what nobody foresaw"),
            NotImplementedError("not even an exception"),
        )
        for (fault in faults) {
            val vault = TestVault(1).apply { refuse = fault }
            val arrived = assertThrowsSuspend<NodeException.Vault> { Phone.open(folder, 1, vault) }.fault
            if (fault is VaultFault) {
                assertEquals(fault.javaClass, arrived.javaClass)
            }
            if (arrived is VaultFault.Unavailable) {
                val words = if (fault is VaultFault.Unavailable) fault.reason else fault.message.orEmpty()
                assertTrue(words in arrived.reason, arrived.reason)
            } else {
                assertTrue(fault is VaultFault, "$fault")
            }
        }
        assertEquals(emptyList<String>(), Leftovers.descriptors(folder).filter { it.startsWith("$folder") })
    }

    @Test
    fun `a user who cancels is asked again, and a slow vault is waited for`() {
        val vault = TestVault(2)
        linked(folder, vault) { ada, bob, wallet ->
            val session = ada.node.propose(wallet, Phone.payload(ByteArray(32) { 9 }), Phone.LASTS_MS)
            bob.requested()
            for (refusal in listOf(VaultFault.UserCancelled(), IllegalStateException("what nobody foresaw"), AssertionError("nor this"))) {
                vault.refuse = refusal
                val before = vault.asked.size
                bob.node.approve(session)
                val status = bob.status { vault.asked.size > before && it.sessions[0].nextAction == NextAction.ANSWER }
                assertNull(status.sessions[0].outcome)
            }
            vault.refuse = null
            vault.delayMs = 300
            bob.node.approve(session)
            assertTrue(ada.outcome(session) is Outcome.Completed)
            assertEquals(listOf(KeyPurpose.CARD, KeyPurpose.NONCES), vault.asked.distinct())
        }
    }
}
