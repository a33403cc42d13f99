package org.countersign.session

import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import org.countersign.NodeException
import org.countersign.RequestState
import org.countersign.Status
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

@OptIn(ExperimentalCoroutinesApi::class)
internal class SessionStoreTest {
    @Test
    fun `changes are read together, and a fault leaves what was shown`() = runTest {
        var reads = 0
        var read: () -> Status = { Statuses.status(inbox = listOf(Statuses.request(RequestState.PENDING))) }
        val faults = mutableListOf<Exception>()
        val source = StatusSource { read().also { reads += 1 } }
        val store = SessionStore(source, SessionPresenter(PlainResources), { currentTime }) { faults += it }
        val running = backgroundScope.launch { store.run() }
        assertNull(store.screen.value)

        repeat(100) { store.changed() }
        advanceTimeBy(51)
        assertEquals(1, store.screen.value?.badge)
        assertEquals(1, reads)

        read = { throw NodeException.Internal("a fault") }
        store.changed()
        advanceTimeBy(51)
        assertEquals(1, store.screen.value?.badge)
        assertEquals(1, faults.size)

        read = { throw NodeException.Stopped() }
        store.changed()
        advanceTimeBy(51)
        assertTrue(running.isCompleted)
    }
}
