// PROTOCOL.md, sections 3, 5 and 9: what linked co-signers say to each other, and what is refused.

import { randomBytes } from 'node:crypto'
import { same } from './cbor.js'
import { verifyEvidence } from './evidence.js'
import { hash, hex, unhex, verifyEd25519 } from './keys.js'
import { Session } from './session.js'
import { Job, Wallet } from './signing.js'
import * as wire from './wire.js'

const { Refused, WHY } = wire
const MAX_INVALID = 10
const MAX_HAVE_BYTES = 131_072
const MAX_PROOF_BYTES = 261_888
const MAX_OPEN_SESSIONS = 64
const MAX_EARLY_ENVELOPES = 100
const MAX_CLOCK_SKEW_MS = 300_000
const MIN_SESSION_MS = 1000
const MAX_SESSION_MS = 2_592_000_000

/** One connected co-signer: what it has said, and what it is known to hold. */
class Link {
  constructor (transport, network) {
    this.transport = transport
    /** `send(bytes)` writes a frame, `close(why)` ends the connections. */
    this.network = network
    this.holds = new Set()
    this.invalid = 0
    this.resent = new Set()
    this.proved = new Set()
  }
}

/** A co-signer. `tell` takes its events, `dial` is asked to connect to co-signers that are not. */
export class Agent {
  constructor ({ participant, transport, style, tell, dial }) {
    Object.assign(this, { participant, transport, style, tell, dial })
    this.cards = new Map()
    this.wallets = new Map()
    this.sessions = new Map()
    this.links = new Map()
    this.early = []
    this.lostLinks = new Set()
    /** Lies for tests: see lies.js. */
    this.lies = { message: message => message, frames: frame => [wire.encodeFrame(frame)], envelope: one => one }
  }

  // What the user does.

  setCard (card) {
    this.card = card
    this.cards.set(hex(this.participant.public), card)
  }

  /** Takes a card by hand. */
  addCard (typed) {
    const card = wire.Card.fromText(typed)
    if (!card.inDate(Date.now())) throw new Refused(WHY.notYours, 'the card is out of date')
    this.#keepCard(card)
    return card
  }

  createWallet (name) {
    const wallet = new Wallet([...this.cards.values()].map(card => card.statement.participant))
    wallet.name = name
    this.wallets.set(hex(wallet.id), wallet)
    this.dial()
    return wallet
  }

  propose (wallet, payload, lastsMs) {
    const created = Date.now()
    const terms = {
      wallet: wallet.id,
      proposer: wallet.slotOf(this.participant.public),
      created,
      deadline: created + lastsMs,
      random: Uint8Array.from(randomBytes(32)),
      payload
    }
    const id = hash('countersign/session', wire.encodeTerms(terms))
    const session = Session.propose(this, wallet, terms, id)
    this.sessions.set(hex(id), session)
    this.publish(session, session.proposal)
    return session
  }

  /** Which co-signer holds this transport key, by the cards; none for strangers. */
  participantOf (transport) {
    return this.others().find(card => same(card.statement.transport, transport))?.statement.participant
  }

  /** The cards of all co-signers: of whoever shares a wallet with us. */
  others () {
    return [...this.cards.values()].filter(card =>
      card !== this.card && this.#walletsOf(card.statement.participant).length > 0)
  }

  /** Says to all neighbours that we are here, now and again after 40 % of `ttl`; without one, that we are not. */
  setPresence (ttl) {
    clearInterval(this.presence?.again)
    const announce = () => {
      for (const link of this.links.values()) if (link.heard) this.#present(link)
    }
    this.presence = { here: ttl === undefined ? 2 : 0, ttl: ttl ?? 0 }
    if (ttl !== undefined) this.presence.again = setInterval(announce, ttl * 0.4)
    announce()
    if (ttl === undefined) this.presence = undefined
  }

  // What a session asks for.

  cardOf (participant) {
    return this.cards.get(hex(participant))
  }

  seal (body, message) {
    return wire.Envelope.seal({ ...body, message: this.lies.message(message) }, this.transport)
  }

  /** This program keeps nothing on disk: after a start it first hears of a co-signer what there is (its ping has come). */
  mayMakeNonces (wallet) {
    return this.#linksOf(wallet).some(link => link.pinged)
  }

  /** Sends an envelope to whoever may lack it: section 5, "Carry". Without `from` it is one's own. */
  publish (session, envelope, reach = [], from = undefined) {
    const { wallet } = session
    if (from === undefined) this.tell({ event: 'published', session: session.id, kind: envelope.message.kind })
    const slots = new Set([...reach, envelope.slot, session.me])
    const chosen = []
    for (const link of this.#linksOf(wallet)) {
      const slot = wallet.slotOf(this.participantOf(link.transport))
      const skipped = link === from || !link.heard || slots.has(slot)
      if (!skipped || (link !== from && link.heard && link.lost && slot !== envelope.slot)) chosen.push({ link, slot })
    }
    for (const { slot } of chosen) slots.add(slot)
    for (const { link } of chosen) this.#carry(link, envelope, [...slots])
  }

  /** Keeps evidence and sends it to the neighbours of the wallet. */
  convict (session, evidence, envelope) {
    const { card, ...verdict } = verifyEvidence(evidence)
    if (verdict.slot === session.me || !session.convicted(verdict, evidence)) return
    this.tell({ event: 'convicted', ...verdict, evidence })
    for (const link of this.#linksOf(session.wallet)) this.#prove(link, evidence)
  }

  /** Sends `have` to all neighbours of a wallet. */
  ask (wallet) {
    for (const link of this.#linksOf(wallet)) this.#have(link)
  }

  // What the network brings.

  /** A stream of our own to this co-signer stands: hello is its first frame. */
  connected (transport, network) {
    const link = new Link(transport, network)
    this.links.set(hex(transport), link)
    this.#say(link, { kind: 'hello', version: 1, card: this.card.bytes, have: this.#holdings(link), lost: this.lostLinks.size > 0 })
  }

  disconnected (transport) {
    const link = this.links.get(hex(transport))
    if (link === undefined) return
    this.links.delete(hex(transport))
    this.tell({ event: 'link', participant: this.participantOf(transport), state: 'lost' })
    if (!link.heard) return
    this.lostLinks.add(hex(transport))
    for (const other of this.links.values()) if (other.heard) this.#have(other)
  }

  /** The co-signer's stream is new: until its hello comes nothing else is taken. */
  streamOpened (transport) {
    const link = this.links.get(hex(transport))
    if (link !== undefined) link.greeted = false
  }

  /** Takes a frame; what is wrong with it is said to its sender. */
  receive (transport, data) {
    const link = this.links.get(hex(transport))
    if (link === undefined) return
    let envelope = new Uint8Array()
    try {
      const frame = wire.decodeFrame(data)
      if (link.muted && frame.kind !== 'hello' && frame.kind !== 'cardOf') return
      if (!link.greeted && frame.kind !== 'hello' && frame.kind !== 'refuse') {
        throw new Refused(WHY.malformed, 'no hello yet', false)
      }
      if (frame.kind === 'carry') envelope = idOf(frame.envelope)
      this.#take[frame.kind](link, frame)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.#refuse(link, error, envelope)
    }
  }

  #take = {
    hello: (link, frame) => {
      const card = wire.Card.decode(frame.card)
      const { participant, transport } = card.statement
      const known = this.participantOf(link.transport)
      if (!card.inDate(Date.now())) throw new Refused(WHY.notYours, 'the card is out of date', false)
      if (!same(transport, link.transport) || known === undefined || !same(participant, known)) {
        throw new Refused(WHY.notYours, "another's card", true)
      }
      this.#keepCard(card)
      const again = link.heard
      link.heard = link.greeted = true
      this.tell({ event: 'link', participant, state: 'heard' })
      if (this.lostLinks.delete(hex(link.transport)) && this.lostLinks.size === 0) {
        for (const other of this.links.values()) if (other.heard && other !== link) this.#have(other)
      }
      if (again) this.#have(link)
      this.#exchange(link, frame)
      link.challenge = Uint8Array.from(randomBytes(32))
      link.pingedAt = performance.now()
      this.#say(link, { kind: 'ping', challenge: link.challenge })
      this.#present(link)
    },

    have: (link, frame) => this.#exchange(link, frame),

    carry: (link, frame) => {
      const envelope = this.#verify(link, frame.envelope)
      link.holds.add(envelope.id)
      this.#takeEnvelope(link, envelope, wire.slotsOf(frame.reach))
    },

    ping: (link, { challenge }) => {
      const wall = Date.now()
      const digest = wire.pongDigest(challenge, link.transport, this.transport.public, wall)
      this.#say(link, { kind: 'pong', challenge, wall, signature: this.transport.sign(digest) })
      link.pinged = true
      for (const session of this.sessions.values()) session.advance()
    },

    pong: (link, { challenge, wall, signature }) => {
      if (link.challenge === undefined || !same(link.challenge, challenge)) return
      const digest = wire.pongDigest(challenge, this.transport.public, link.transport, wall)
      if (!verifyEd25519(signature, digest, link.transport)) throw new Refused(WHY.notYours, 'the pong is signed wrongly')
      link.challenge = undefined
      const participant = this.participantOf(link.transport)
      this.tell({ event: 'pong', participant, rtt_ms: performance.now() - link.pingedAt, wall })
    },

    refuse: (link, { why, envelope }) => {
      this.tell({ event: 'refused', participant: this.participantOf(link.transport), why, envelope })
      if (why !== WHY.notYours) return
      // The other side may hold an older card of the author.
      for (const session of this.sessions.values()) {
        const found = session.held().find(one => one.id === hex(envelope))
        if (found === undefined || found.slot === session.me || link.resent.has(found.slot)) continue
        link.resent.add(found.slot)
        this.#say(link, { kind: 'cardOf', card: this.cardOf(session.wallet.keys[found.slot]).bytes })
        this.#carry(link, found, [], true)
      }
    },

    cardOf: (link, frame) => {
      const card = wire.Card.decode(frame.card)
      const { participant, issued } = card.statement
      const held = this.cardOf(participant)
      const sender = this.participantOf(link.transport)
      const shared = this.#walletsOf(participant).some(wallet => wallet.slotOf(sender) >= 0)
      const newer = held === undefined || issued > held.statement.issued
      if (same(participant, sender) || !shared || !newer || !card.inDate(Date.now())) return
      this.#keepCard(card)
    },

    proofOf: (link, { evidence }) => {
      const { card, ...verdict } = verifyEvidence(evidence)
      const session = this.sessions.get(hex(verdict.session))
      if (session === undefined) return
      if (session.outcome?.end === 'completed') this.#carry(link, session.notice()[0], [])
      const held = this.cardOf(session.wallet.keys[verdict.slot])
      if (!same(held.statement.transport, card.statement.transport)) return
      link.proved.add(hex(evidence))
      this.convict(session, evidence)
    },

    // It promises nothing, so nothing is made of it but an event.
    here: (link, { presence }) => {
      const { here, at, ttl, addresses, signature } = presence
      const digest = wire.presenceDigest(link.transport, presence)
      if (!verifyEd25519(signature, digest, link.transport)) throw new Refused(WHY.notYours, 'a wrong signature')
      this.tell({ event: 'presence', participant: this.participantOf(link.transport), here, at, ttl, addresses })
    }
  }

  /** Section 6, "Verification", 1 to 3. */
  #verify (link, data) {
    const envelope = wire.Envelope.decode(data)
    const wallet = this.wallets.get(hex(envelope.body.wallet))
    const sender = wallet?.slotOf(this.participantOf(link.transport)) ?? -1
    if (sender < 0) throw new Refused(WHY.notYours, 'an unknown wallet, or not of the sender', false)
    if (envelope.slot >= wallet.keys.length) throw new Refused(WHY.notYours, 'no such slot', true)
    const card = this.cardOf(wallet.keys[envelope.slot])
    if (card === undefined || !envelope.isSignedBy(card.statement.transport)) {
      throw new Refused(WHY.notYours, 'the envelope is signed wrongly', envelope.slot === sender)
    }
    return envelope
  }

  /** Section 6, "Verification", 4. */
  #takeEnvelope (link, envelope, reach) {
    const { body, message } = envelope
    const wallet = this.wallets.get(hex(body.wallet))
    const session = this.sessions.get(hex(body.session))
    if (session === undefined) {
      if (message.kind === 'propose') {
        this.#open(wallet, envelope, link, reach)
      } else {
        this.early.push({ link, envelope, reach })
        if (this.early.length > MAX_EARLY_ENVELOPES) this.early.shift()
      }
      return
    }
    if (session.wallet !== wallet) throw new Refused(WHY.invalid, 'a session of another wallet')
    const ended = session.outcome !== undefined
    const isNew = session.take(envelope)
    if (isNew || reach.length > 0) this.publish(session, envelope, reach, link)
    if (!ended || isNew || message.kind === 'complete') return
    const isEnd = message.kind === 'decline' || message.kind === 'cancel'
    if (isEnd && session.outcome.end !== 'completed') return
    for (const notice of session.notice() ?? []) this.#carry(link, notice, [], true)
    for (const { bytes } of session.evidence) this.#prove(link, bytes, true)
  }

  /** Opens a session: section 7, "Proposal". */
  #open (wallet, envelope, link, reach) {
    const { message: { terms, nonces }, body, slot } = envelope
    const invalid = text => { throw new Refused(WHY.invalid, text) }
    if (!same(terms.wallet, body.wallet) || terms.proposer !== slot) invalid('terms of another')
    if (!same(hash('countersign/session', wire.encodeTerms(terms)), body.session)) invalid('another session id')
    const { items, text } = terms.payload
    if (items.length < 1 || items.length > 1000 || Buffer.byteLength(text) > 4096) invalid('no payload')
    const [now, created, deadline] = [Date.now(), Number(terms.created), Number(terms.deadline)]
    if (deadline <= now) throw new Refused(WHY.late, 'the deadline has passed')
    if (created > now + MAX_CLOCK_SKEW_MS) invalid('from the future')
    if (deadline - created < MIN_SESSION_MS || deadline - created > MAX_SESSION_MS) invalid('too short or too long')
    const open = [...this.sessions.values()].filter(one =>
      one.wallet === wallet && one.terms.proposer === slot && one.outcome === undefined)
    if (open.length >= MAX_OPEN_SESSIONS) throw new Refused(WHY.busy, 'too many sessions')
    const first = new Job(wallet, body.session, terms.payload).readNonces(nonces)
    if (first === undefined) invalid('no nonces')
    const session = new Session(this, wallet, envelope, terms)
    this.sessions.set(hex(session.id), session)
    this.tell({ event: 'requested', session: session.id, payload: session.payloadDigest, text })
    if (slot === session.me) {
      // Section 6, "One's own past": these nonces' secret halves are lost.
      session.moveTo(1)
    } else {
      session.begin(first)
    }
    this.publish(session, envelope, reach, link)
    const waiting = this.early.filter(one => same(one.envelope.body.session, session.id))
    this.early = this.early.filter(one => !waiting.includes(one))
    for (const one of waiting) {
      try {
        this.#takeEnvelope(one.link, this.#verify(one.link, one.envelope.bytes), one.reach)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        this.#refuse(one.link, error, unhex(one.envelope.id))
      }
    }
  }

  /** Section 5, "Having heard a hello", 1 to 3. */
  #exchange (link, { have, lost }) {
    link.lost = lost
    link.holds.clear()
    const listed = new Set()
    for (const { session, ids } of have) {
      if (ids.length % 16 !== 0) throw new Refused(WHY.malformed, 'an envelope id has 16 bytes')
      listed.add(hex(session))
      for (let at = 0; at < ids.length; at += 16) link.holds.add(hex(ids.subarray(at, at + 16)))
      this.sessions.get(hex(session))?.wasListed()
    }
    for (const session of this.#sessionsWith(link)) {
      if (session.outcome !== undefined && !listed.has(hex(session.id))) continue
      for (const envelope of session.held()) this.#carry(link, envelope, [])
      for (const { bytes } of session.evidence) this.#prove(link, bytes, true)
    }
  }

  #present (link) {
    if (this.presence === undefined) return
    const { here, ttl } = this.presence
    const said = { here, at: Date.now(), ttl, addresses: this.card.statement.addresses }
    const signature = this.transport.sign(wire.presenceDigest(this.transport.public, said))
    this.#say(link, { kind: 'here', presence: { ...said, signature } })
  }

  #have (link) {
    if (link.heard) this.#say(link, { kind: 'have', have: this.#holdings(link), lost: this.lostLinks.size > 0 })
  }

  /** Lists open sessions, and those that ended without signatures. */
  #holdings (link) {
    const holdings = []
    let size = 0
    for (const session of this.#sessionsWith(link)) {
      if (session.outcome?.end === 'completed') continue
      const ids = Uint8Array.from(Buffer.concat(session.held().map(one => unhex(one.id))))
      size += ids.length + 40
      if (size < MAX_HAVE_BYTES) holdings.push({ session: session.id, ids })
    }
    return holdings
  }

  #carry (link, envelope, reach, again = false) {
    if (link.holds.has(envelope.id) && !again) return
    link.holds.add(envelope.id)
    const data = this.lies.envelope(envelope.bytes)
    this.#say(link, { kind: 'carry', reach: wire.reachOf(reach), envelope: data })
  }

  #prove (link, evidence, again = false) {
    if ((link.proved.has(hex(evidence)) && !again) || evidence.length > MAX_PROOF_BYTES || !link.heard) return
    link.proved.add(hex(evidence))
    this.#say(link, { kind: 'proofOf', evidence })
  }

  #refuse (link, refused, envelope) {
    this.tell({ event: 'refusing', why: refused.why, text: refused.message, envelope })
    this.#say(link, { kind: 'refuse', why: refused.why, envelope })
    if (refused.counts && ++link.invalid >= MAX_INVALID) link.muted = true
  }

  #say (link, frame) {
    for (const data of this.lies.frames(frame)) link.network.send(wire.frameWithLength(data))
  }

  /** Of two cards the later one holds; section 3. */
  #keepCard (card) {
    const { participant, issued, transport } = card.statement
    const held = this.cardOf(participant)
    if (held !== undefined && issued <= held.statement.issued) return
    this.cards.set(hex(participant), card)
    if (held !== undefined) this.#replaced(held, transport, card)
    this.dial()
  }

  #replaced (held, transport, card) {
    const { participant } = card.statement
    const former = this.links.get(hex(held.statement.transport))
    if (!same(held.statement.transport, transport)) {
      former?.network.close('another phone speaks for this participant')
      for (const session of this.sessions.values()) {
        const place = session.board[session.wallet.slotOf(participant)]
        if (place?.nonces !== undefined) session.moveTo(session.attempt + 1)
      }
    }
    for (const wallet of this.#walletsOf(participant)) {
      for (const link of this.#linksOf(wallet)) {
        if (link.heard && !same(link.transport, transport)) this.#say(link, { kind: 'cardOf', card: card.bytes })
      }
    }
  }

  #walletsOf (participant) {
    return [...this.wallets.values()].filter(wallet => wallet.slotOf(participant) >= 0)
  }

  #linksOf (wallet) {
    return [...this.links.values()].filter(link => wallet.slotOf(this.participantOf(link.transport) ?? []) >= 0)
  }

  #sessionsWith (link) {
    return [...this.sessions.values()].filter(({ wallet }) => this.#linksOf(wallet).includes(link))
  }
}

/** The id of an envelope that can be read, for a refuse frame. */
function idOf (data) {
  try {
    return unhex(wire.Envelope.decode(data).id)
  } catch {
    return new Uint8Array()
  }
}
