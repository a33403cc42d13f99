package org.countersign.session

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.countersign.NodeException
import org.countersign.Notice
import org.countersign.NotificationKey
import org.countersign.Plan
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

@OptIn(ExperimentalCoroutinesApi::class)
internal class PlanKeeperTest {
    @Test
    fun `a flood of signals is served five times a second, and never later than 200 ms after the first`() = living { world ->
        repeat(1_000) {
            world.keeper.signal()
            advanceTimeBy(1)
        }
        advanceTimeBy(1_000)
        // The signal after a run comes a millisecond later.
        assertEquals(listOf(200L, 401L, 602L, 803L, 1_004L), world.runs)
    }

    @Test
    fun `signals during a long run are served as soon as it is over`() = living { world ->
        world.applying = { delay(1_000) }
        world.keeper.signal()
        advanceTimeBy(300)
        world.keeper.signal()
        advanceTimeBy(3_000)
        assertEquals(listOf(200L, 1_200L), world.runs)
    }

    @Test
    fun `whoever waits for it goes on once what was signalled is served`() = living { world ->
        world.keeper.settle()
        world.applying = { delay(1_000) }
        world.keeper.signal()
        world.keeper.settle()
        assertEquals(1_200L, currentTime)
    }

    @Test
    fun `what the system refuses is said to have failed, and the rest to be done`() = living { world ->
        world.items = listOf(planned("s1"), planned("s2"))
        world.applying = { if ((it as Operation.Show).item.slot == "s1") throw SecurityException("no permission") }
        world.keeper.signal()
        advanceTimeBy(201)
        assertEquals(listOf(listOf("s1:request")), world.acknowledged)
        assertEquals(listOf("no permission"), world.faults.map { it.message })
    }

    @Test
    fun `a plan that is stale at once is made anew three times, then waits for a signal`() = living { world ->
        world.acknowledging = { throw NodeException.StalePlan() }
        world.keeper.signal()
        advanceTimeBy(10_000)
        assertEquals(4, world.runs.size)
        world.acknowledging = {}
        world.keeper.signal()
        advanceTimeBy(10_000)
        assertEquals(5, world.runs.size)
    }

    @Test
    fun `no fault ends it but that the node has stopped`() = living { world ->
        val faults = listOf(NodeException.StorageFull(), IllegalStateException(), NodeException.Internal("a fault"))
        for (fault in faults) {
            world.acknowledging = { throw fault }
            world.keeper.signal()
            advanceTimeBy(201)
        }
        assertEquals(faults, world.faults)
        assertTrue(world.running.isActive)

        world.acknowledging = { throw NodeException.Stopped() }
        world.keeper.signal()
        advanceTimeBy(201)
        assertTrue(world.running.isCompleted)
    }

    @Test
    fun `whoever cancels it in the middle leaves the plan unacknowledged`() = living { world ->
        world.items = listOf(planned("s1"))
        world.applying = { CompletableDeferred<Unit>().await() }
        world.keeper.signal()
        advanceTimeBy(300)
        world.running.cancel()
        runCurrent()
        assertTrue(world.running.isCancelled)
        assertEquals(emptyList<List<NotificationKey>>(), world.acknowledged)
        assertEquals(emptyList<Exception>(), world.faults)
    }

    private class World(scope: TestScope) : PlanSource, NotificationPort {
        var items = listOf(planned(notice = Notice.Ongoing))
        var applying: suspend (Operation) -> Unit = {}
        var acknowledging: () -> Unit = {}
        val runs = mutableListOf<Long>()
        val acknowledged = mutableListOf<List<NotificationKey>>()
        val faults = mutableListOf<Exception>()
        private val clock = Clock { scope.currentTime }
        val keeper = PlanKeeper(this, this, PlanReconciler(prescheduled = false), clock) { faults += it }
        val running = scope.backgroundScope.launch { keeper.run() }

        override suspend fun plan(): Plan {
            runs += clock.nowMs()
            return Plan(revision = 7u, items = items, truncated = false)
        }

        override suspend fun ackPlan(revision: ULong, failed: List<NotificationKey>) {
            assertEquals(7uL, revision)
            acknowledging()
            acknowledged += failed
        }

        override suspend fun held() = Held()

        override suspend fun apply(operation: Operation) = applying(operation)
    }

    private fun living(live: suspend TestScope.(World) -> Unit) = runTest { live(World(this)) }
}
