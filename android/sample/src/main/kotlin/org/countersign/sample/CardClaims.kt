package org.countersign.sample

import org.countersign.NodeException
import org.countersign.ParticipantKey
import org.countersign.readCard

/**
 * Whose a card is, to be shown before it is taken: its signatures are verified, its name is its owner's choice.
 *
 * @property name what its owner calls itself, or its key, shortened.
 */
internal data class CardClaims(val key: ParticipantKey, val name: String) {
    /** The key, short enough to be read out. */
    val shortKey: String get() = shortened(key)

    companion object {
        /** Reads a card's text; `null` if it is none. */
        fun of(card: String): CardClaims? = try {
            val said = readCard(card)
            CardClaims(said.participant, named(said.nickname, said.participant))
        } catch (_: NodeException.Invalid) {
            null
        }

        /** Names somebody who calls itself so. */
        fun named(nickname: String, key: ParticipantKey): String = Name.clean(nickname).ifEmpty { shortened(key) }

        private fun shortened(key: ParticipantKey) = "${key.take(6)}…${key.takeLast(4)}"
    }
}
