package org.countersign.session

import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

@OptIn(ExperimentalCoroutinesApi::class)
internal class CountdownTickerTest {
    @Test
    fun `it ticks each minute until ten are left, then each second, and ends`() = runTest {
        val ticks = Ticks(this, leftMs = 12 * MINUTE_MS + 500)
        advanceTimeBy(13 * MINUTE_MS)
        assertEquals(listOf(0L, 500L, 60_500L, 120_500L, 121_500L), ticks.at.take(5))
        assertEquals(listOf("13", "12", "11", "10:0", "9:59"), ticks.shown.take(5))
        assertEquals("0:0", ticks.shown.last())
        assertEquals(3 + 601, ticks.at.size)
        assertEquals(12 * MINUTE_MS + 500, ticks.at.last())
        assertTrue(ticks.running.isCompleted)
    }

    @Test
    fun `it announces ten, five, two minutes and one, once each`() = runTest {
        val ticks = Ticks(this, leftMs = 20 * MINUTE_MS)
        advanceTimeBy(21 * MINUTE_MS)
        val announced = ticks.all.filter { it.announce != null }
        assertEquals(listOf(10L, 5L, 2L, 1L), announced.map { it.announce })
        assertEquals(listOf(10L to 0L, 5L to 0L, 2L to 0L, 1L to 0L), announced.map { it.minutes to it.seconds })
    }

    @Test
    fun `unseen it does not tick, and seen again it shows what is left without saying what has passed`() = runTest {
        val ticks = Ticks(this, leftMs = 9 * MINUTE_MS)
        advanceTimeBy(1_001)
        ticks.visible.value = false
        runCurrent()
        val before = ticks.all.size
        advanceTimeBy(3 * MINUTE_MS)
        assertEquals(before, ticks.all.size)
        ticks.visible.value = true
        runCurrent()
        assertEquals(before + 1, ticks.all.size)
        assertEquals("5:59", ticks.shown.last())
        assertEquals(null, ticks.all.last().announce)
    }

    @Test
    fun `what is over already is shown once`() = runTest {
        val ticks = Ticks(this, leftMs = -5)
        runCurrent()
        assertEquals(listOf("0:0"), ticks.shown)
        assertTrue(ticks.all.single().isOver && ticks.running.isCompleted)
    }

    @Test
    fun `whoever is slow is told what he left out once`() = runTest {
        val ticks = Ticks(this, leftMs = 5 * MINUTE_MS + 1_500, takesMs = 2_500)
        advanceTimeBy(20_000)
        assertEquals(listOf(5L), ticks.all.mapNotNull { it.announce })
    }

    private class Ticks(scope: TestScope, leftMs: Long, takesMs: Long = 0) {
        val visible = MutableStateFlow(true)
        val all = mutableListOf<Tick>()
        val at = mutableListOf<Long>()
        val shown get() = all.map { tick -> "${tick.minutes}" + tick.seconds?.let { ":$it" }.orEmpty() }
        val running = scope.backgroundScope.launch {
            CountdownTicker { scope.currentTime }.ticks(scope.currentTime + leftMs, visible).collect {
                all += it
                at += scope.currentTime
                delay(takesMs)
            }
        }
    }

    private companion object {
        const val MINUTE_MS = 60_000L
    }
}
