package org.countersign.session

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withTimeoutOrNull
import org.countersign.ForegroundReport
import org.countersign.NodeException
import org.countersign.SliceReport
import org.countersign.SliceRequest
import org.countersign.SuspendReport
import org.countersign.Trigger
import org.countersign.WakePlan
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.Executors
import kotlin.random.Random

@OptIn(ExperimentalCoroutinesApi::class)
internal class LifecycleCoordinatorTest {
    @Test
    fun `of many wishes the latest wins, and those between are skipped`() = living { core, life ->
        life.background(GRACE_MS)
        runCurrent()
        repeat(10) {
            life.foreground()
            life.background(GRACE_MS)
        }
        life.foreground()
        assertEquals(Standing.Running, life.settle())
        assertEquals(listOf("background", "foreground"), core.calls)
    }

    @Test
    fun `a slice runs only while the app rests, and what is called before it is called before it`() = living { core, life ->
        assertNull(life.slice(REQUEST))
        life.background(GRACE_MS)
        life.settle()
        assertNotNull(life.slice(REQUEST))
        assertEquals(listOf("background", "before", "slice"), core.calls)
    }

    @Test
    fun `a foreground wish ends the slice that runs`() = living { core, life ->
        life.background(GRACE_MS)
        life.settle()
        val slice = async { life.slice(REQUEST) }
        advanceTimeBy(100)
        val wished = currentTime
        life.foreground()
        assertEquals(Standing.Running, life.settle())
        assertEquals(false, slice.await()?.done)
        assertTrue(currentTime - wished < SLICE_MS, "it did not wait for the slice's own end")
        assertEquals(listOf("background", "before", "slice", "foreground"), core.calls)
    }

    @Test
    fun `a slice that is cancelled before it begins does not begin`() = living { core, life ->
        life.background(GRACE_MS)
        life.settle()
        core.beforeSlice = { life.cancelSlice() }
        assertNull(life.slice(REQUEST))
        assertEquals(listOf("background", "before"), core.calls)
    }

    @Test
    fun `a slice that is cancelled at the very moment it begins ends at once`() = living { core, life ->
        life.background(GRACE_MS)
        life.settle()
        core.sliceBegins = { life.cancelSlice() }
        val asked = currentTime
        assertEquals(false, life.slice(REQUEST)?.done)
        assertEquals(asked, currentTime)
    }

    @Test
    fun `whoever stops waiting for a slice ends it`() = living { core, life ->
        life.background(GRACE_MS)
        life.settle()
        assertNull(withTimeoutOrNull(100) { life.slice(REQUEST) })
        assertEquals(1, core.cancels)
    }

    @Test
    fun `what the core refuses is known, and the next wish tries again`() = living { core, life ->
        life.background(GRACE_MS)
        life.settle()
        core.refuse = NodeException.JournalLocked()
        life.foreground()
        assertTrue((life.settle() as Standing.Refused).fault is NodeException.JournalLocked)
        core.refuse = null
        life.foreground()
        assertEquals(Standing.Running, life.settle())
    }

    @Test
    fun `in five thousand random lives calls never overlap, and each ends as it was last wished`() {
        var slices = 0
        for (seed in 1..5_000) living { core, life ->
            val dice = Random(seed)
            var wish = true
            repeat(8) {
                when (dice.nextInt(6)) {
                    0, 1 -> life.foreground().also { wish = true }
                    2, 3 -> life.background(GRACE_MS).also { wish = false }
                    4 -> launch { life.slice(REQUEST) }
                    5 -> life.cancelSlice()
                }
                if (dice.nextBoolean()) advanceTimeBy(dice.nextLong(SLICE_MS))
            }
            assertEquals(wish, life.settle() is Standing.Running, "seed $seed")
            slices += core.calls.count { it == "slice" }
        }
        assertTrue(slices > 1_000, "slices have run: $slices")
    }

    @Test
    fun `wishes may come from many threads at once`() = living { core, life ->
        Executors.newFixedThreadPool(4).asCoroutineDispatcher().use { threads ->
            val wishes = List(200) { number ->
                launch(threads) { if (number % 2 == 0) life.foreground() else life.background(GRACE_MS) }
            }
            wishes.joinAll()
        }
        life.background(GRACE_MS)
        assertTrue(life.settle() is Standing.Resting)
        assertTrue(core.calls.size < 200)
    }

    /** A core that takes its time, and fails if two calls are made of it at once. */
    private class Core : Lifecycle {
        val calls = mutableListOf<String>()
        var cancels = 0
        var refuse: NodeException? = null
        var beforeSlice: () -> Unit = {}
        var sliceBegins: () -> Unit = {}
        private var busy = false
        private var cancelled = CompletableDeferred<Unit>()

        override suspend fun onForeground(): ForegroundReport = alone("foreground") {
            delay(30)
            refuse?.let { throw it }
            ForegroundReport(restarted = true, tookMs = 30u)
        }

        override suspend fun onBackground(graceMs: ULong): SuspendReport = alone("background") {
            delay(50)
            SuspendReport(quiesced = true, openSockets = 0u, heldLocks = 0u, unflushed = 0u, tookMs = 50u, wake = WAKE)
        }

        override suspend fun runBackgroundSlice(request: SliceRequest): SliceReport = alone("slice") {
            sliceBegins()
            // What was cancelled before has no effect from here on.
            cancelled = CompletableDeferred()
            val done = withTimeoutOrNull(SLICE_MS) { cancelled.await() } == null
            SliceReport(ran = true, done = done, openSockets = 0u, tookMs = 0u, wake = WAKE)
        }

        override fun cancelSlice() {
            cancels += 1
            cancelled.complete(Unit)
        }

        private suspend fun <T> alone(call: String, run: suspend () -> T): T {
            check(!busy) { "two calls at once" }
            busy = true
            calls += call
            return try {
                run()
            } finally {
                busy = false
            }
        }
    }

    private fun living(live: suspend TestScope.(Core, LifecycleCoordinator) -> Unit) = runTest {
        val core = Core()
        val life = LifecycleCoordinator(core) {
            core.calls += "before"
            core.beforeSlice()
        }
        backgroundScope.launch { life.run() }
        live(core, life)
    }

    private companion object {
        const val GRACE_MS = 4_000uL
        const val SLICE_MS = 8_000L
        val REQUEST = SliceRequest(Trigger.ALARM, budgetMs = 8_000u, networkAllowed = true)
        val WAKE = WakePlan(revision = 1u, next = null, refresh = null)
    }
}
