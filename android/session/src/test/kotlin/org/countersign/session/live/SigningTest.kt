package org.countersign.session.live

import kotlinx.coroutines.flow.first
import org.countersign.DeclineReason
import org.countersign.Happening
import org.countersign.NodeException
import org.countersign.Notice
import org.countersign.Outcome
import org.countersign.session.Operation
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path

internal class SigningTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `two phones sign, and the signature verifies`() = linked(folder) { ada, bob, wallet ->
        val session = ada.node.initiate(wallet, Phone.payload(DIGEST), Phone.LASTS_MS)
        assertEquals(session, bob.requested())
        bob.node.approve(session)

        val signatures = listOf(ada, bob).map { phone ->
            val outcome = phone.outcome(session)
            assertTrue(outcome is Outcome.Completed, "$outcome")
            (outcome as Outcome.Completed).signatures
        }
        assertArrayEquals(signatures[0], signatures[1])
        val key = ada.node.outputKeys(session).single().hexToByteArray()
        assertTrue(Bip340.verify(key, DIGEST, signatures[0]))
        assertTrue(!Bip340.verify(key, DIGEST.reversedArray().also { it[0] = 0 }, signatures[0]))
    }

    @Test
    fun `the keeper shows a request once, and takes it away when it is signed`() = linked(folder) { ada, bob, wallet ->
        val session = ada.node.initiate(wallet, Phone.payload(DIGEST), Phone.LASTS_MS)
        fun shows(notice: Notice) = bob.port.operations.count { it is Operation.Show && it.item.notice == notice }
        Phone.until { shows(Notice.Request) == 1 }
        val screen = bob.coSigner.screen.first { it?.requests?.size == 1 }
        assertEquals(1, screen?.badge)

        bob.node.approve(bob.requested())
        bob.outcome(session)
        Phone.until { bob.port.held.shown.isEmpty() }
        assertEquals(1, shows(Notice.Request))
        assertEquals(emptyList<Exception>(), bob.faults)
    }

    @Test
    fun `whoever declines ends it for all`() = linked(folder) { ada, bob, wallet ->
        val session = ada.node.propose(wallet, Phone.payload(DIGEST), Phone.LASTS_MS)
        bob.node.decline(bob.requested(), DeclineReason.POLICY)
        val outcome = ada.outcome(session)
        assertEquals(DeclineReason.POLICY, (outcome as Outcome.Declined).reason)
    }

    @Test
    fun `whoever takes a proposal back ends it for all`() = linked(folder) { ada, bob, wallet ->
        val session = ada.node.propose(wallet, Phone.payload(DIGEST), Phone.LASTS_MS)
        bob.requested()
        ada.node.cancel(session)
        assertEquals(Outcome.Cancelled, bob.outcome(session))
    }

    @Test
    fun `a session that nobody answers expires, and cannot be approved any more`() = linked(folder) { ada, bob, wallet ->
        val session = ada.node.propose(wallet, Phone.payload(DIGEST), lastsMs = 1_500u)
        assertEquals(Outcome.Expired, bob.outcome(session))
        val ended = bob.coSigner.events.first { it.event.what is Happening.Ended }
        assertEquals(session, ended.event.session)
        val fault = assertThrowsSuspend<NodeException.Ended> { bob.node.approve(session) }
        assertEquals(session, fault.session)
    }

    private companion object {
        val DIGEST = ByteArray(32) { 7 }
    }
}
