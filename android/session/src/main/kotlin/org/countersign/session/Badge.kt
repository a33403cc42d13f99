package org.countersign.session

import org.countersign.LinkPath
import org.countersign.LinkState
import org.countersign.ParticipantStatus

/** How a participant's link is shown: a text and a colour, and what can be done. */
public data class Badge(val label: Text, val role: ColourRole, val action: RowAction?) {
    internal companion object {
        fun of(participant: ParticipantStatus): Badge = when (val link = participant.link) {
            is LinkState.Myself -> badge("you", ColourRole.NEUTRAL)
            is LinkState.Reachable -> badge(path(link.path), ColourRole.SUCCESS)
            is LinkState.Dialling -> badge("connecting", ColourRole.WARNING, RowAction.CANCEL)
            is LinkState.Unreachable -> unreachable(participant.redialInMs)
            is LinkState.NoAddress -> badge("offline", ColourRole.ERROR, RowAction.CONNECT)
            is LinkState.Away -> badge("away", ColourRole.NEUTRAL, RowAction.NUDGE)
            is LinkState.Unknown -> badge("unknown", ColourRole.NEUTRAL, RowAction.INVITE)
            is LinkState.Incompatible -> badge("update_needed", ColourRole.ERROR)
            is LinkState.Muted -> badge("muted", ColourRole.ERROR)
        }

        private fun unreachable(redialInMs: ULong?): Badge {
            val seconds = redialInMs?.let { ((it + 999u) / 1_000u).toLong() }
                ?: return badge("offline", ColourRole.ERROR, RowAction.CONNECT)
            val label = Text("status_reconnecting_in", listOf(seconds), seconds)
            return Badge(label, ColourRole.WARNING, RowAction.RETRY)
        }

        private fun path(path: LinkPath) = when (path) {
            LinkPath.DIRECT, LinkPath.WEBRTC -> "connected_direct"
            LinkPath.LAN -> "connected_lan"
            LinkPath.RELAY -> "connected_relay"
        }

        private fun badge(status: String, role: ColourRole, action: RowAction? = null) =
            Badge(Text("status_$status"), role, action)
    }
}
