// PROTOCOL.md, section 8: what convicts a participant, to anybody who reads it.

import { same } from './cbor.js'
import { hash, hex, isPoint } from './keys.js'
import { Job, Wallet } from './signing.js'
import { Card, decodeEvidence, encodeCard, encodeEnvelope, encodeEvidence, encodeTerms, Envelope, Refused, WHY } from './wire.js'

const OFFENCES = {
  badNonce: 'invalid nonce',
  badPartial: 'wrong partial',
  twoFaces: 'equivocation',
  forgery: 'forged completion'
}

/** Makes evidence of a proof whose envelopes are `Envelope`s. */
export function makeEvidence (wallet, card, terms, proof) {
  const fields = envelope => ({ version: 1, body: envelope.body, signature: envelope.signature })
  const plain = { ...proof, terms }
  for (const name of ['envelope', 'first', 'second']) {
    if (proof[name] !== undefined) plain[name] = fields(proof[name])
  }
  return encodeEvidence({ version: 1, keys: wallet.keys, card: card.fields, proof: plain })
}

/** Reads evidence and returns whom it convicts of what; throws Refused if it does not convince. */
export function verifyEvidence (data) {
  const { keys, card: cardFields, proof } = decodeEvidence(data)
  let verdict
  try {
    verdict = judge(keys, Card.decode(encodeCard(cardFields)), proof)
  } catch (error) {
    throw new Refused(WHY.invalid, `this proves nothing: ${error.message}`)
  }
  return { ...verdict, offence: OFFENCES[proof.kind] }
}

function judge (keys, card, proof) {
  if (!keys.every(isPoint)) throw new Error('a key is no point')
  const wallet = new Wallet(keys)
  if (!wallet.keys.every((key, at) => same(key, keys[at]))) throw new Error('the keys are not sorted')
  const envelopes = [proof.envelope, proof.first, proof.second].filter(one => one !== undefined)
    .map(fields => Envelope.decode(encodeEnvelope(fields)))
  const { session, slot } = envelopes[0].body
  const { participant, transport } = card.statement
  for (const envelope of envelopes) {
    if (!same(envelope.body.wallet, wallet.id)) throw new Error('another wallet')
    if (!same(participant, wallet.keys[envelope.slot] ?? [])) throw new Error("another's card")
    if (!envelope.isSignedBy(transport)) throw new Error('a wrong signature')
  }
  const attempts = envelopes.map(({ message }) => message.attempt ?? 0)
  if (attempts.some(attempt => attempt > 7)) throw new Error('no attempt')
  let job
  if (proof.terms !== undefined) {
    if (!same(hash('countersign/session', encodeTerms(proof.terms)), session)) throw new Error('other terms')
    const { items, text } = proof.terms.payload
    if (items.length < 1 || items.length > 1000 || Buffer.byteLength(text) > 4096) throw new Error('no payload')
    job = new Job(wallet, session, proof.terms.payload)
  }
  if (!PROVES[proof.kind](proof, envelopes, job, wallet)) throw new Error('it is as it should be')
  return { session, slot, attempt: attempts[0], card }
}

const PROVES = {
  badNonce (proof, [{ message }], job) {
    return message.nonces !== undefined && job.readNonces(message.nonces) === undefined
  },

  badPartial (proof, [{ message, slot }], job, wallet) {
    if (message.partials === undefined) return false
    const partials = job.readPartials(message.partials)
    if (proof.nonces.length === 0) return partials === undefined
    const size = 66 * job.items.length
    const nonces = wallet.keys.map((_, at) => job.readNonces(proof.nonces.slice(at * size, (at + 1) * size)))
    return partials !== undefined && proof.nonces.length === size * wallet.keys.length &&
      nonces.every(one => one !== undefined) &&
      same(job.nonceSet(message.attempt, nonces), message.set) && !job.verifyPartials(nonces, slot, partials)
  },

  twoFaces (proof, [first, second]) {
    const [a, b] = [first.message, second.message]
    const sameCase = same(first.body.session, second.body.session) && first.slot === second.slot &&
      (a.attempt ?? 0) === (b.attempt ?? 0) && first.id < second.id
    const differ = name => a[name] !== undefined && b[name] !== undefined && hex(a[name]) !== hex(b[name])
    return sameCase && (differ('nonces') || differ('partials') || differ('set'))
  },

  forgery (proof, [{ message }], job) {
    if (message.kind !== 'complete') return false
    const signatures = job.split(message.signatures, 64)
    return signatures === undefined || !job.verify(signatures)
  }
}
