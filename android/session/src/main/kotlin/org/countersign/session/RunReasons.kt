package org.countersign.session

import org.countersign.Connectivity
import org.countersign.Obstacle

/** Lists why we are not fully connected, or would be late, the weightiest first. */
public object RunReasons {
    /** Puts the core's obstacles, in its order, and the platform's together. */
    public fun of(connectivity: Connectivity, facts: PlatformFacts): List<RunReason> {
        val (network, peers) = connectivity.reasons.partition { it.isOfNetwork() }
        return network.map(::reason) + facts.reasons() + peers.map(::reason)
    }

    /** Without a network the rest is of no use; what is missing of our co-signers weighs less than what we could not be told of. */
    private fun Obstacle.isOfNetwork() = when (this) {
        is Obstacle.InBackground, is Obstacle.NoNetwork, is Obstacle.NetworkBlocked, is Obstacle.NetworkNotValidated -> true
        is Obstacle.NoCard, is Obstacle.NoCosigner, is Obstacle.NotListening, is Obstacle.NoRelay, is Obstacle.Missing -> false
    }

    private fun reason(obstacle: Obstacle) = when (obstacle) {
        is Obstacle.InBackground -> RunReason(Text("reason_in_background"), null)
        is Obstacle.NoNetwork -> RunReason(Text("reason_no_network"), Remedy.OPEN_NETWORK_SETTINGS)
        is Obstacle.NetworkBlocked -> RunReason(Text("reason_network_blocked"), Remedy.OPEN_APP_SETTINGS)
        is Obstacle.NetworkNotValidated -> RunReason(Text("reason_network_not_validated"), Remedy.OPEN_NETWORK_SETTINGS)
        is Obstacle.NoCard -> RunReason(Text("reason_no_card"), Remedy.ISSUE_CARD)
        is Obstacle.NoCosigner -> RunReason(Text("reason_no_cosigner"), Remedy.INVITE)
        is Obstacle.NotListening -> RunReason(Text("reason_not_listening"), null)
        is Obstacle.NoRelay -> RunReason(Text("reason_no_relay"), null)
        is Obstacle.Missing -> {
            val missing = obstacle.cosigners.toLong()
            RunReason(Text("reason_missing", listOf(missing), missing), Remedy.CONNECT)
        }
    }

    private fun PlatformFacts.reasons() = listOfNotNull(
        RunReason(Text("reason_notifications_denied"), Remedy.ALLOW_NOTIFICATIONS).takeUnless { notifications },
        RunReason(Text("reason_background_denied"), Remedy.OPEN_APP_SETTINGS).takeUnless { background },
        RunReason(Text("reason_exact_alarms_denied"), Remedy.ALLOW_EXACT_ALARMS).takeUnless { exactAlarms },
        RunReason(Text("reason_battery_saver"), Remedy.OPEN_BATTERY_SETTINGS).takeIf { batterySaver },
    )
}
