// What a co-signer that breaks the protocol does, for tests. Each replaces one step of an honest agent.

import { encodePlain, plain } from './cbor.js'
import { encodeFrame } from './wire.js'

export const LIES = {
  /** Every partial signature is wrong. */
  'wrong-partial': { message: message => ({ ...message, ...(message.partials && { partials: flipped(message.partials) }) }) },

  /** Every frame comes three times. */
  repeat: { frames: frame => Array(3).fill(encodeFrame(frame)) },

  /** The hello has a version of the future. */
  version: { frames: frame => [frame.kind === 'hello' ? versioned(encodeFrame(frame)) : encodeFrame(frame)] },

  /** The signature of every envelope is wrong. */
  'wrong-signature': { envelope: flipped },

  /** Every envelope is encoded as no honest peer would: a longer head than needed. */
  'long-head': { envelope: data => Uint8Array.from([0x98, 3, ...data.slice(1)]) }
}

/** Flips a bit of the last byte. */
function flipped (data) {
  const other = Uint8Array.from(data)
  other[other.length - 1] ^= 1
  return other
}

function versioned (hello) {
  const fields = plain(hello)
  fields[1] = 2
  return encodePlain(fields)
}
