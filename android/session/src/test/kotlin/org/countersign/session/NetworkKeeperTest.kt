package org.countersign.session

import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import org.countersign.NetworkState
import org.countersign.NodeException
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

@OptIn(ExperimentalCoroutinesApi::class)
internal class NetworkKeeperTest {
    @Test
    fun `the events of one change are told as one`() = runTest {
        val world = World(this)
        world.keeper.take(NetworkEvent.Available(1))
        advanceTimeBy(100)
        world.keeper.take(NetworkEvent.AddressesChanged(1, listOf("192.0.2.7")))
        advanceTimeBy(201)
        assertEquals(listOf(300L to listOf("192.0.2.7")), world.told.map { (at, state) -> at to state.localAddresses })
    }

    @Test
    fun `what never settles is told all the same`() = runTest {
        val world = World(this)
        repeat(100) {
            world.keeper.take(NetworkEvent.Available(it.toLong()))
            advanceTimeBy(50)
        }
        assertTrue(world.told.size in 14..17, "${world.told.size}")
    }

    @Test
    fun `what changes nothing is not told`() = runTest {
        val world = World(this)
        repeat(3) {
            world.keeper.take(NetworkEvent.Available(1))
            advanceTimeBy(1_000)
        }
        assertEquals(1, world.told.size)
    }

    @Test
    fun `a fault is reported, and the same state told at the next event`() = runTest {
        val world = World(this)
        world.refuse = NodeException.Internal("a fault")
        world.keeper.take(NetworkEvent.Available(1))
        advanceTimeBy(301)
        assertEquals(listOf<Exception?>(world.refuse), world.faults)

        world.refuse = null
        world.keeper.take(NetworkEvent.Available(1))
        advanceTimeBy(301)
        assertEquals(1, world.told.size)

        world.refuse = NodeException.Stopped()
        world.keeper.take(NetworkEvent.Lost(1))
        advanceTimeBy(301)
        assertTrue(world.running.isCompleted)
    }

    private class World(scope: TestScope) {
        val told = mutableListOf<Pair<Long, NetworkState>>()
        val faults = mutableListOf<Exception>()
        var refuse: Exception? = null
        val keeper = NetworkKeeper(::tell, { scope.currentTime }, { faults += it })
        val running = scope.backgroundScope.launch { keeper.run() }
        private val now = Clock { scope.currentTime }

        private fun tell(state: NetworkState) {
            refuse?.let { throw it }
            told += now.nowMs() to state
        }
    }
}
