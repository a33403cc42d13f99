package org.countersign.shell

import org.junit.Assert.assertEquals
import org.junit.Test
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.concurrent.thread

internal class AttentionTest : AndroidTest() {
    private val told = CopyOnWriteArrayList<Boolean>()
    private val attention: Attention = Attention(::changed)

    private fun changed() = attention.tell(told::add)

    @Test
    fun `who looks at the app while the core is opened is not told to have left`() {
        // The core has just been opened, and whoever opened it has seen that nobody looks, but has not told it yet.
        var user: Thread? = null
        attention.tell { isPaid ->
            user = thread { attention.hold(this) }.also(::untilItStops)
            told += isPaid
        }
        user?.join(WAIT_MS)
        assertEquals(listOf(false, true), told)
    }

    /** Either is certain to come: it waits for its turn, or it did not wait and is done. */
    private fun untilItStops(thread: Thread) {
        val end = System.nanoTime() + WAIT_MS * 1_000_000
        while (thread.state != Thread.State.BLOCKED && thread.state != Thread.State.TERMINATED) {
            check(System.nanoTime() < end) { "it is ${thread.state}" }
            Thread.sleep(1)
        }
    }

    private companion object {
        const val WAIT_MS = 10_000L
    }
}
