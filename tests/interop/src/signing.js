// PROTOCOL.md, sections 2 and 7: wallets, key paths, nonces and partial signatures, all by BIP-327.

import { createHmac, randomBytes } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import * as musig from '@scure/btc-signer/musig2.js'
import { same } from './cbor.js'
import { bigEndian, hash, hex, isPoint, unhex, verifySchnorr } from './keys.js'

const SYNTHETIC_CHAIN_CODE = unhex('868087ca02a6f974c4598924c36b57762d32cb45717167e300622c7167e38965') // BIP-328
const ORDER = secp256k1.Point.Fn.ORDER

/** A fixed, sorted set of participant keys. */
export class Wallet {
  constructor (keys) {
    this.keys = [...keys].sort(Buffer.compare)
    if (this.keys.length < 2 || this.keys.length > 100) throw new Error('a wallet has 2 to 100 participants')
    if (this.keys.some((key, at) => at > 0 && same(key, this.keys[at - 1]))) throw new Error('a key comes twice')
    this.id = hash('countersign/wallet', ...this.keys)
    this.aggregate = musig.keyAggregate(this.keys).aggPublicKey.toBytes(true)
  }

  /** The slot of a participant key; -1 if it is not of this wallet. */
  slotOf (key) {
    return this.keys.findIndex(one => same(one, key))
  }
}

/** What is signed for one item: its tweaks and its output key. Throws if the path leads to no key. */
export function itemKey (wallet, { steps, taproot }) {
  const tweaks = []
  const kinds = []
  let chain = SYNTHETIC_CHAIN_CODE
  const point = () => musig.keyAggregate(wallet.keys, tweaks, kinds).aggPublicKey
  for (const step of steps) {
    const derived = createHmac('sha512', chain).update(point().toBytes(true)).update(bigEndian(step, 4)).digest()
    tweaks.push(Uint8Array.from(derived.subarray(0, 32)))
    kinds.push(false)
    chain = derived.subarray(32)
  }
  if (taproot.kind !== 'untweaked') {
    const root = taproot.kind === 'scriptTree' ? taproot.root : new Uint8Array()
    tweaks.push(hash('TapTweak', point().toBytes(true).subarray(1), root))
    kinds.push(true)
  }
  return { tweaks, kinds, outputKey: point().toBytes(true).subarray(1) }
}

/** The payload of one session, ready to be signed by one wallet. Contributions are lists, an element an item. */
export class Job {
  constructor (wallet, session, payload) {
    this.wallet = wallet
    this.session = session
    this.items = payload.items.map(item => ({ digest: item.digest, ...itemKey(wallet, item.key) }))
  }

  /** Makes secret nonces and their public halves, as section 7 says that the other implementation does. */
  makeNonces (participant, attempt, fresh = randomBytes(32)) {
    const made = this.items.map(({ digest, outputKey }, at) => musig.nonceGen(
      participant.public, participant.secret, outputKey, digest, this.#extra(attempt, at), seed(fresh, at)))
    return { secret: made.map(one => one.secret), public: made.map(one => one.public) }
  }

  /** Signs with secret nonces, which are used up. `nonces` holds those of all slots. */
  sign (participant, secretNonces, nonces) {
    return this.#sessions(nonces).map((session, at) => session.sign(secretNonces[at], participant.secret))
  }

  /** DeterministicSign: nonces and partial signatures at once, for the one signer who has all others' nonces. */
  answer (participant, othersNonces, fresh = randomBytes(32)) {
    const made = this.items.map(({ digest, tweaks, kinds }, at) => musig.deterministicSign(
      participant.secret, musig.nonceAggregate(othersNonces.map(one => one[at])), this.wallet.keys, digest,
      tweaks, kinds, seed(fresh, at)))
    return { nonces: made.map(one => one.publicNonce), partials: made.map(one => one.partialSig) }
  }

  /** PartialSigAgg. */
  aggregate (nonces, partials) {
    return this.#sessions(nonces).map((session, at) => session.partialSigAgg(partials.map(one => one[at])))
  }

  /** Whether every one of a slot's partial signatures passes PartialSigVerify. */
  verifyPartials (nonces, slot, partials) {
    return this.#sessions(nonces).every((session, at) =>
      session.partialSigVerify(partials[at], nonces.map(one => one[at]), slot))
  }

  /** Whether these are a BIP-340 signature for each item under its output key. */
  verify (signatures) {
    return signatures.length === this.items.length && this.items.every(({ digest, outputKey }, at) =>
      verifySchnorr(signatures[at], digest, outputKey))
  }

  /** The nonce set digest. */
  nonceSet (attempt, nonces) {
    return hash('countersign/nonces', this.session, bigEndian(attempt, 1), ...nonces.flat())
  }

  /** Splits what a message carries; none unless it has `size` bytes for each item. */
  split (data, size) {
    if (data.length !== size * this.items.length) return undefined
    return this.items.map((_, at) => data.slice(at * size, (at + 1) * size))
  }

  /** Reads public nonces: each is two points (cpoint). */
  readNonces (data) {
    const nonces = this.split(data, 66)
    return nonces?.every(nonce => isPoint(nonce.subarray(0, 33)) && isPoint(nonce.subarray(33)))
      ? nonces
      : undefined
  }

  /** Reads partial signatures: each is below the order. */
  readPartials (data) {
    const partials = this.split(data, 32)
    return partials?.every(one => BigInt('0x' + hex(one)) < ORDER) ? partials : undefined
  }

  #sessions (nonces) {
    return this.items.map(({ digest, tweaks, kinds }, at) => new musig.Session(
      musig.nonceAggregate(nonces.map(one => one[at])), this.wallet.keys, digest, tweaks, kinds))
  }

  #extra (attempt, at) {
    return hash('countersign/extra', this.session, bigEndian(attempt, 1), bigEndian(at, 4))
  }
}

/** Joins contributions as a message carries them. */
export const join = parts => Uint8Array.from(Buffer.concat(parts))

const seed = (fresh, at) => hash('countersign/seed', fresh, bigEndian(at, 4))
