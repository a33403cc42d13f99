package org.countersign.session

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.countersign.EventId
import org.countersign.Happening
import org.countersign.KeptEvent
import org.countersign.NodeException
import org.countersign.SessionEvent
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.random.Random

@OptIn(ExperimentalCoroutinesApi::class)
internal class EventsTest {
    @Test
    fun `an event is dealt with once the body has returned, not before`() = runTest {
        val queue = Queue(2)
        val body = CompletableDeferred<Unit>()
        backgroundScope.launch { queue.events().collect { body.await() } }
        advanceTimeBy(1_000)
        assertEquals(2, queue.left.size)
        body.complete(Unit)
        advanceTimeBy(1_000)
        assertEquals(0, queue.left.size)
    }

    @Test
    fun `it ends when the node stops`() = runTest {
        val queue = Queue(3)
        queue.stopsAfter = 2
        val seen = mutableListOf<EventId>()
        queue.events().collect { seen += it.id }
        assertEquals(listOf("1", "2"), seen)
    }

    @Test
    fun `whoever takes only the first leaves it to come again`() = runTest {
        val queue = Queue(2)
        assertEquals(queue.events().first().id, queue.events().first().id)
    }

    @Test
    fun `cancelling at any moment loses none, and doubles none that was dealt with`() = runTest {
        val dice = Random(seed = 3)
        repeat(1_000) {
            val queue = Queue(5)
            val seen = mutableListOf<EventId>()
            repeat(4) {
                val collecting = launch {
                    queue.events().collect { event ->
                        delay(10)
                        seen += event.id
                    }
                }
                advanceTimeBy(dice.nextLong(60))
                collecting.cancel()
                runCurrent()
                advanceTimeBy(5)
            }
            assertEquals(seen.distinct(), seen, "none comes twice that was dealt with")
            assertEquals(List(5) { "${it + 1}" }, seen + queue.left, "none is lost")
        }
    }

    @Test
    fun `a body that fails leaves the event to come again`() = runTest {
        val queue = Queue(1)
        val failed = runCatching { queue.events().collect { error("in the body") } }
        assertTrue(failed.isFailure)
        assertEquals(listOf("1"), queue.left)
    }

    /** A durable queue that takes a moment for everything. */
    private class Queue(events: Int) : EventSource {
        val left = MutableList(events) { "${it + 1}" }
        var stopsAfter = Int.MAX_VALUE

        override suspend fun nextEvent(): KeptEvent {
            delay(3)
            if (left.isEmpty()) CompletableDeferred<Unit>().await()
            if (stopsAfter == 0) throw NodeException.Stopped()
            return KeptEvent(left.first(), SessionEvent("wallet", "session", Happening.Proposed))
        }

        override suspend fun eventHandled(id: EventId) {
            delay(2)
            stopsAfter -= 1
            left.remove(id)
        }
    }
}
