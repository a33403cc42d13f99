package org.countersign.session

import org.countersign.Connected
import org.countersign.Connectivity
import org.countersign.Obstacle
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

internal class RunReasonsTest {
    @Test
    fun `with nothing in the way there is no reason`() {
        assertEquals(emptyList<RunReason>(), RunReasons.of(connectivity(), ALL_ALLOWED))
    }

    @Test
    fun `the network comes first, then what the user denies, then co-signers`() {
        val obstacles = listOf(
            Obstacle.InBackground, Obstacle.NoNetwork, Obstacle.NetworkBlocked, Obstacle.NetworkNotValidated, Obstacle.NoCard,
            Obstacle.NoCosigner, Obstacle.NotListening, Obstacle.NoRelay, Obstacle.Missing(2u),
        )
        val denied = PlatformFacts(notifications = false, background = false, exactAlarms = false, batterySaver = true)
        val reasons = RunReasons.of(connectivity(*obstacles.toTypedArray()), denied)
        val expected = listOf(
            "in_background" to null,
            "no_network" to Remedy.OPEN_NETWORK_SETTINGS,
            "network_blocked" to Remedy.OPEN_APP_SETTINGS,
            "network_not_validated" to Remedy.OPEN_NETWORK_SETTINGS,
            "notifications_denied" to Remedy.ALLOW_NOTIFICATIONS,
            "background_denied" to Remedy.OPEN_APP_SETTINGS,
            "exact_alarms_denied" to Remedy.ALLOW_EXACT_ALARMS,
            "battery_saver" to Remedy.OPEN_BATTERY_SETTINGS,
            "no_card" to Remedy.ISSUE_CARD,
            "no_cosigner" to Remedy.INVITE,
            "not_listening" to null,
            "no_relay" to null,
            "missing" to Remedy.CONNECT,
        )
        assertEquals(expected, reasons.map { it.label.key.removePrefix("reason_") to it.remedy })
    }

    @Test
    fun `who is missing is counted`() {
        val reason = RunReasons.of(connectivity(Obstacle.Missing(2u)), ALL_ALLOWED).single()
        assertEquals(Text("reason_missing", listOf(2L), quantity = 2), reason.label)
    }

    private fun connectivity(vararg obstacles: Obstacle) = Connectivity(Connected.PARTLY, obstacles.toList(), relays = emptyList())

    private companion object {
        val ALL_ALLOWED = PlatformFacts(notifications = true, background = true, exactAlarms = true, batterySaver = false)
    }
}
