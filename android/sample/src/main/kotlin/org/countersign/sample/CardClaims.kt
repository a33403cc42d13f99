package org.countersign.sample

import org.countersign.ParticipantKey

/**
 * What a card says of itself (PROTOCOL, Cards), to be shown before it is taken. Nothing is verified here: the core does when it takes the card.
 *
 * @property name what its owner calls itself, or its key, shortened.
 */
internal data class CardClaims(val key: ParticipantKey, val name: String) {
    /** The key, short enough to be read out. */
    val shortKey: String get() = shortened(key)

    companion object {
        private const val KEY_BYTES = 33

        /** Reads a card's text; `null` if it is none. */
        fun of(card: String): CardClaims? = try {
            CardText.bytes(card)?.let { read(Cbor(it)) }
        } catch (_: CborException) {
            null
        }

        private fun read(card: Cbor): CardClaims {
            card.array()
            val statement = Cbor(card.bytes())
            statement.array()
            if (statement.number() != 1uL) throw CborException()
            val key = statement.bytes()
            if (key.size != KEY_BYTES) throw CborException()
            statement.bytes()
            repeat(2) { statement.number() }
            val hex = key.toHexString()
            return CardClaims(hex, Name.clean(statement.text()).ifEmpty { shortened(hex) })
        }

        private fun shortened(key: ParticipantKey) = "${key.take(6)}…${key.takeLast(4)}"
    }
}
