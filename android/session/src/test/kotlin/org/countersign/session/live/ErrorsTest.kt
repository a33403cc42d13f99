package org.countersign.session.live

import kotlinx.coroutines.runBlocking
import org.countersign.NodeException
import org.countersign.judge
import org.countersign.panicNext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path

internal class ErrorsTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `errors arrive typed, with every field`() = linked(folder) { ada, bob, wallet ->
        val payload = Phone.payload(ByteArray(32))
        assertEquals("session", assertThrowsSuspend<NodeException.Unknown> { ada.node.approve("ab".repeat(32)) }.what)
        assertEquals("wallet", assertThrowsSuspend<NodeException.Unknown> { ada.node.preflight("ab".repeat(32), null) }.what)
        val short = assertThrowsSuspend<NodeException.Invalid> { ada.node.propose(wallet, Phone.payload(ByteArray(5)), Phone.LASTS_MS) }
        assertTrue("32 bytes" in short.reason, short.reason)
        assertThrowsSuspend<NodeException.Invalid> { ada.node.addCard("no card") }
        assertThrowsSuspend<NodeException.Invalid> { judge(byteArrayOf(1)) }
        assertThrowsSuspend<NodeException.StalePlan> { ada.node.ackPlan(7u, emptyList()) }
        assertThrowsSuspend<NodeException.JournalLocked> { Phone.open(folder, 1) }
        assertThrowsSuspend<NodeException.System> { Phone.open(folder.resolve("no folder"), 3) }

        val declined = ada.node.propose(wallet, payload, Phone.LASTS_MS)
        bob.requested()
        ada.node.cancel(declined)
        assertEquals(declined, assertThrowsSuspend<NodeException.Ended> { ada.node.cancel(declined) }.session)

        bob.coSigner.close()
        val notReady = assertThrowsSuspend<NodeException.NotReady> { ada.node.initiate(wallet, payload, Phone.LASTS_MS) }
        assertEquals(listOf("phone 2") to (1uL to 2uL), notReady.missing to (notReady.connected to notReady.total))
        assertTrue("1 of 2" in notReady.toString(), "$notReady")
    }

    @Test
    fun `a panic is an error, and the next call works`(): Unit = runBlocking {
        val ada = Phone.open(folder, 1)
        // Whatever keeps the plan and the screen may take the panic for itself.
        Phone.until {
            panicNext()
            runCatching { ada.node.wakePlan() }.exceptionOrNull() is NodeException.Internal
        }
        ada.node.wakePlan()
        ada.coSigner.close()
    }

    @Test
    fun `what is closed has stopped, and is closed a second time without a word`(): Unit = runBlocking {
        val ada = Phone.open(folder, 1)
        val node = ada.node
        node.stop()
        assertThrowsSuspend<NodeException.Stopped> { node.status() }
        ada.coSigner.close()
        ada.coSigner.close()
    }
}
