package org.countersign.sample

import org.countersign.Outcome
import org.countersign.Payload
import org.countersign.XOnlyKey

/**
 * One signed thing, each part in hex.
 *
 * @property key the key under which the signature verifies (BIP-340).
 */
internal data class Signature(val digest: String, val signature: String, val key: XOnlyKey) {
    companion object {
        private const val BYTES = 64

        /** Puts what a session signed, its signatures and their keys together. */
        fun of(payload: Payload, signed: Outcome.Completed, keys: List<XOnlyKey>): List<Signature> = payload.items.mapIndexed { index, item ->
            val signature = signed.signatures.copyOfRange(index * BYTES, (index + 1) * BYTES)
            Signature(item.digest.toHexString(), signature.toHexString(), keys[index])
        }
    }
}
