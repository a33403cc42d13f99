package org.countersign.session.live

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import org.countersign.Obstacle
import org.countersign.Outcome
import org.countersign.SliceRequest
import org.countersign.Trigger
import org.countersign.session.NetworkEvent
import org.countersign.session.Standing
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.random.Random

internal class AppLifeTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `a phone in the background hears of a request in a slice, and signs in the foreground`() = linked(folder) { ada, bob, wallet ->
        val life = bob.coSigner.lifecycle
        life.background(graceMs = 4_000u)
        val resting = life.settle() as Standing.Resting
        assertTrue(resting.report.quiesced, "${resting.report}")

        val session = ada.node.propose(wallet, Phone.payload(ByteArray(32)), Phone.LASTS_MS)
        val report = life.slice(REQUEST)
        assertTrue(report != null && report.ran && report.done, "$report")
        assertEquals(session, bob.requested())
        bob.node.approve(session)
        assertNull(bob.node.status().sessions[0].outcome, "nothing is signed in the background")

        life.foreground()
        assertEquals(Standing.Running, life.settle())
        assertTrue(ada.outcome(session) is Outcome.Completed)
    }

    @Test
    fun `flips and slices from many threads end as it was last wished`() = linked(folder) { _, bob, _ ->
        val life = bob.coSigner.lifecycle
        val dice = Random(seed = 4)
        coroutineScope {
            repeat(60) {
                when (dice.nextInt(4)) {
                    0 -> life.foreground()
                    1 -> life.background(graceMs = 1_000u)
                    2 -> async(Dispatchers.Default) { life.slice(REQUEST) }
                    else -> life.cancelSlice()
                }
                delay(dice.nextLong(30))
            }
            life.foreground()
        }
        assertEquals(Standing.Running, life.settle())
        assertTrue(!bob.node.status().background)
    }

    @Test
    fun `the network's events reach the core`() = linked(folder) { _, bob, _ ->
        bob.coSigner.network.take(NetworkEvent.LanPermissionChanged(allowed = true))
        bob.status { status -> status.connectivity.reasons.any { it is Obstacle.NoNetwork } }
    }

    private companion object {
        val REQUEST = SliceRequest(Trigger.REFRESH, budgetMs = 8_000u, networkAllowed = true)
    }
}
