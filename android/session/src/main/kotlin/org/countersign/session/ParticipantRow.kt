package org.countersign.session

import org.countersign.LinkState
import org.countersign.ParticipantKey
import org.countersign.ParticipantStatus
import org.countersign.Slot
import org.countersign.WallTime

/**
 * A participant of a wallet, as one row.
 *
 * @property name its nickname, or its key, shortened.
 * @property isYou whether it is the user.
 * @property rttMs how long it takes to answer, in milliseconds.
 * @property lastSeen when anything last came from it.
 */
public data class ParticipantRow(
    val slot: Slot,
    val key: ParticipantKey,
    val name: String,
    val isYou: Boolean,
    val avatar: Avatar,
    val badge: Badge,
    val rttMs: Long?,
    val lastSeen: WallTime?,
) {
    internal companion object {
        fun of(participant: ParticipantStatus): ParticipantRow {
            val link = participant.link
            val name = PeerName.clean(participant.nickname.orEmpty()).ifEmpty { shortened(participant.key) }
            return ParticipantRow(
                slot = participant.slot,
                key = participant.key,
                name = name,
                isYou = link is LinkState.Myself,
                avatar = Avatar.of(participant.key, name),
                badge = Badge.of(participant),
                rttMs = (link as? LinkState.Reachable)?.rttUs?.let { (it / 1_000u).toLong() },
                lastSeen = participant.lastSeen,
            )
        }

        private fun shortened(key: ParticipantKey) = "${key.take(6)}…${key.takeLast(4)}"
    }
}
