// PROTOCOL.md: the grammar of sections 2, 3, 5, 6 and 8, in its own order and with its own names.

import { bool, bytes, choice, decode, embedded, encode, exactly, list, Malformed, plain, record, text, uint } from './cbor.js'
import { bigEndian, hash, isPoint, verifyEd25519, verifySchnorr } from './keys.js'

export const MAX_FRAME_BYTES = 262_144
export const MAX_ENVELOPE_BYTES = 261_888
const MAX_CARD_BYTES = 1024
const MAX_EVIDENCE_BYTES = 8_388_608
const MAX_CARD_AHEAD_MS = 86_400_000
const VERSION = 1

/** Why a frame is refused: section 9. */
export const WHY = { version: 0, malformed: 1, notYours: 2, invalid: 3, late: 4, busy: 5, otherNonces: 6 }

/** A refused frame or envelope, with its `why`; `counts` if no honest peer sends such a thing. */
export class Refused extends Error {
  constructor (why, text, counts = why === WHY.malformed || why === WHY.invalid) {
    super(text)
    this.why = why
    this.counts = counts
  }
}

// Section 1. Slots and attempts out of range have the form all the same (section 6).
const key = bytes(33)
const id = bytes(32)
const xsig = bytes(64)
const esig = bytes(64)
const walltime = uint()
const slot = uint(0, 65_535)
const attempt = uint(0, 255)

// Section 2.
const taproot = choice({ untweaked: [0, {}], keySpend: [1, {}], scriptTree: [2, { root: id }] })
const keyPath = record({ steps: list(uint(0, 2_147_483_647), 0, 10), taproot })

// Section 3.
const addressList = list(text(128), 0, 8)
const statement = record({
  version: exactly(VERSION),
  participant: key,
  transport: id,
  issued: walltime,
  until: walltime,
  nickname: text(64),
  addresses: addressList
})
const card = record({ statement: embedded(statement), participant: xsig, transport: esig })

// Section 6.
const item = record({ digest: id, key: keyPath })
const payload = record({ items: list(item), text: text(Infinity) })
const terms = record({ wallet: id, proposer: slot, created: walltime, deadline: walltime, random: id, payload })
const message = choice({
  propose: [0, { terms, nonces: bytes() }],
  nonces: [1, { attempt, nonces: bytes() }],
  partials: [2, { attempt, set: id, partials: bytes() }],
  answer: [3, { attempt, set: id, nonces: bytes(), partials: bytes() }],
  complete: [4, { signatures: bytes() }],
  decline: [5, { reason: uint(0, 3) }],
  cancel: [6, {}],
  extend: [7, { until: walltime }]
})
const body = record({ wallet: id, session: id, slot, message })
const envelope = record({ version: exactly(VERSION), body: embedded(body), signature: esig })

// Section 8.
const innerEnvelope = embedded(envelope, MAX_ENVELOPE_BYTES)
const proof = choice({
  badNonce: [0, { terms, envelope: innerEnvelope }],
  badPartial: [1, { terms, nonces: bytes(), envelope: innerEnvelope }],
  twoFaces: [2, { first: innerEnvelope, second: innerEnvelope }],
  forgery: [3, { terms, envelope: innerEnvelope }]
})
const evidence = record({
  version: exactly(VERSION), keys: list(key, 2, 100), card: embedded(card, MAX_CARD_BYTES), proof
})

// Section 5. Cards, envelopes and evidence stay bytes here: each is refused for its own reasons.
const holding = record({ session: id, ids: bytes() })
const presence = record({ here: uint(0, 2), at: walltime, ttl: uint(), addresses: addressList, signature: esig })
const frame = choice({
  hello: [0, { version: exactly(VERSION), card: bytes(), have: list(holding), lost: bool }],
  have: [1, { have: list(holding), lost: bool }],
  carry: [2, { reach: bytes(13), envelope: bytes() }],
  ping: [3, { challenge: id }],
  pong: [4, { challenge: id, wall: walltime, signature: esig }],
  refuse: [5, { why: uint(0, 6), envelope: bytes(0, 16) }],
  cardOf: [6, { card: bytes() }],
  proofOf: [7, { evidence: bytes() }],
  here: [8, { presence }]
})

export const encodeTerms = value => encode(terms, value)
export const encodePayload = value => encode(payload, value)
export const encodeStatement = value => encode(statement, value)
export const encodeCard = value => encode(card, value)
export const encodeEnvelope = value => encode(envelope, value)
export const encodeBody = value => encode(body, value)
export const encodeFrame = value => encode(frame, value)
export const encodeEvidence = value => encode(evidence, value)

/** Reads a frame. */
export const decodeFrame = data => refusing(() => {
  const layout = plain(data)
  // Section 11: a hello stays number 0, its version the second element.
  if (Array.isArray(layout) && layout[0] === 0) knownVersion(layout[1])
  return frame.unpack(layout)
})

/** Reads an envelope, its version first. */
export const decodeEnvelope = data => versioned(envelope, data, MAX_ENVELOPE_BYTES)

/** Reads evidence. */
export const decodeEvidence = data => versioned(evidence, data, MAX_EVIDENCE_BYTES)

function versioned (shape, data, max) {
  return refusing(() => {
    if (data.length > max) throw new Malformed(`${data.length} bytes are more than ${max}`)
    const layout = plain(data)
    knownVersion(layout?.[0])
    return shape.unpack(layout)
  })
}

function knownVersion (version) {
  if (Number.isInteger(version) && version >= 0 && version < 65_536 && version !== VERSION) {
    throw new Refused(WHY.version, `version ${version}`)
  }
}

function refusing (read) {
  try {
    return read()
  } catch (error) {
    throw error instanceof Malformed ? new Refused(WHY.malformed, error.message) : error
  }
}

/** A participant's signed statement: section 3. */
export class Card {
  constructor (fields) {
    this.fields = fields
    this.statement = fields.statement
    this.bytes = encodeCard(fields)
  }

  /** Makes a card; both keys sign it. */
  static issue (statement, participant, transport, aux) {
    const digest = hash('countersign/card', encodeStatement(statement))
    return new Card({ statement, participant: participant.sign(digest, aux), transport: transport.sign(digest) })
  }

  /** Reads a card and verifies both signatures; its date is looked at by `inDate`. */
  static decode (data) {
    const fields = refusing(() => {
      if (data.length > MAX_CARD_BYTES) throw new Malformed(`${data.length} bytes are no card`)
      const layout = plain(data)
      if (Array.isArray(layout) && layout[0] instanceof Uint8Array) knownVersion(plain(layout[0])?.[0])
      return card.unpack(layout)
    })
    const { participant, transport, issued, until } = fields.statement
    const digest = hash('countersign/card', encodeStatement(fields.statement))
    const good = isPoint(participant) && verifySchnorr(fields.participant, digest, participant) &&
      verifyEd25519(fields.transport, digest, transport)
    if (!good) throw new Refused(WHY.notYours, 'the card is signed wrongly', true)
    if (issued >= until) throw new Refused(WHY.notYours, 'the card never holds', true)
    return new Card(fields)
  }

  static fromText (typed) {
    const [, base64] = /^countersign:([A-Za-z0-9_-]+)$/.exec(typed.trim()) ?? []
    if (base64 === undefined) throw new Refused(WHY.malformed, 'a card begins with countersign:')
    const data = Uint8Array.from(Buffer.from(base64, 'base64url'))
    if (Buffer.from(data).toString('base64url') !== base64) throw new Refused(WHY.malformed, 'no base64url')
    return Card.decode(data)
  }

  toText () {
    return 'countersign:' + Buffer.from(this.bytes).toString('base64url')
  }

  inDate (now) {
    return now < this.statement.until && now + MAX_CARD_AHEAD_MS >= this.statement.issued
  }
}

/** A signed message about a session: section 6. */
export class Envelope {
  constructor (fields) {
    this.body = fields.body
    this.message = fields.body.message
    this.slot = fields.body.slot
    this.signature = fields.signature
    this.bytes = encodeEnvelope(fields)
    this.digest = hash('countersign/envelope', encodeBody(fields.body))
    this.id = Buffer.from(this.digest.subarray(0, 16)).toString('hex')
  }

  static seal (body, transport) {
    const digest = hash('countersign/envelope', encodeBody(body))
    return new Envelope({ version: VERSION, body, signature: transport.sign(digest) })
  }

  static decode (data) {
    return new Envelope(decodeEnvelope(data))
  }

  isSignedBy (transport) {
    return verifyEd25519(this.signature, this.digest, transport)
  }
}

/** What a pong signs: section 5. */
export function pongDigest (challenge, asker, answerer, wall) {
  return hash('countersign/pong', challenge, asker, answerer, bigEndian(wall, 8))
}

/** What a presence signs: section 5. */
export function presenceDigest (transport, { here, at, ttl, addresses }) {
  const numbers = [bigEndian(here, 1), bigEndian(at, 8), bigEndian(ttl, 8)]
  return hash('countersign/presence', transport, ...numbers, encode(addressList, addresses))
}

/** A carry frame's `reach`: a bit for each of these slots (section 5). */
export function reachOf (slots) {
  const reach = new Uint8Array(13)
  for (const one of slots) reach[one >> 3] |= 1 << (one & 7)
  return reach
}

/** The slots whose bit is set. */
export const slotsOf = reach => [...Array(100).keys()].filter(one => (reach[one >> 3] >> (one & 7)) & 1)

/** A frame behind its length: section 4. */
export function frameWithLength (data) {
  const head = []
  let length = data.length
  while (length > 127) {
    head.push((length & 127) | 128)
    length >>= 7
  }
  return Uint8Array.from([...head, length, ...data])
}

/** Takes a stream's bytes and gives its frames; throws where a length is over the limit or not in its shortest form. */
export class FrameReader {
  #rest

  constructor () {
    this.#rest = Buffer.alloc(0)
  }

  * push (chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      let length = 0
      let at = 0
      for (;; at += 1) {
        if (at === this.#rest.length) return
        const byte = this.#rest[at]
        length += (byte & 127) * 2 ** (7 * at)
        if (length > MAX_FRAME_BYTES || at > 2 || (at > 0 && byte === 0)) throw new Error('a frame of no good length')
        if (byte < 128) break
      }
      const end = at + 1 + length
      if (this.#rest.length < end) return
      yield Uint8Array.from(this.#rest.subarray(at + 1, end))
      this.#rest = this.#rest.subarray(end)
    }
  }
}
