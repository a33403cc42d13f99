package org.countersign.session.live

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import org.countersign.EventId
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.random.Random
import kotlin.time.Duration.Companion.microseconds

internal class CancellingTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `a proposal whose caller goes away is made once or not at all`() = linked(folder) { ada, _, wallet ->
        val dice = Random(seed = 1)
        var proposals = 0
        repeat(40) { number ->
            val call = CoroutineScope(Dispatchers.Default).launch {
                ada.node.propose(wallet, Phone.payload(ByteArray(32) { number.toByte() }), Phone.LASTS_MS)
            }
            delay(dice.nextInt(2_000).microseconds)
            call.cancelAndJoin()
            delay(30)
            val held = ada.node.status().sessions.size
            assertTrue(held - proposals in 0..1, "done once, or never begun")
            proposals = held
        }
        assertTrue(proposals > 0)
    }

    @Test
    fun `whoever stops waiting for events loses none and doubles none`() = linked(folder) { ada, bob, wallet ->
        val dice = Random(seed = 2)
        val seen = mutableListOf<EventId>()
        val proposed = List(5) { ada.node.propose(wallet, Phone.payload(ByteArray(32) { byte -> (it + byte).toByte() }), Phone.LASTS_MS) }
        bob.status { it.inbox.size == proposed.size }
        repeat(40) {
            withTimeoutOrNull(dice.nextLong(1, 15)) {
                bob.coSigner.events.collect { event ->
                    delay(2)
                    seen += event.id
                }
            }
        }
        assertEquals(seen.distinct(), seen)
        assertEquals(proposed.size, seen.size, "one request each")
        ada.node.cancel(proposed[0])
        val next = withTimeoutOrNull(60_000) { bob.coSigner.events.first() }
        assertTrue(next != null && next.id !in seen)
    }

    @Test
    fun `an opening whose caller goes away leaves nothing open`(): Unit = runBlocking {
        val dice = Random(seed = 3)
        Phone.open(folder, 1).coSigner.close()
        repeat(500) {
            var phone: Phone? = null
            withTimeoutOrNull(dice.nextLong(1, 12)) { phone = Phone.open(folder, 1) }
            phone?.coSigner?.close()
        }
        Phone.until { Leftovers.threads().isEmpty() }
    }
}
