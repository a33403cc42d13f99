// PROTOCOL.md, sections 6 and 7: one session, from its proposal to its end.

import { same } from './cbor.js'
import { makeEvidence } from './evidence.js'
import { encodePayload, Refused, WHY } from './wire.js'
import { hash } from './keys.js'
import { Job, join } from './signing.js'

const MAX_ATTEMPT = 7
const MAX_EXTENSIONS = 16
const MAX_SESSION_MS = 2_592_000_000
const ASK_AGAIN_MS = 5000
const ATTEMPT_PAUSE_MS = 1000
const GAVE_UP = 3

/**
 * What the agent does for a session: `publish(session, envelope)`, `convict(session, evidence)`, `ask(wallet)` sends
 * `have` to all neighbours, `mayMakeNonces(wallet)`, `tell(event)`, and it holds the keys and the `style` of answers.
 */
export class Session {
  #agent
  #secretNonces
  #asked
  #pause
  #askAgain
  #deadlineTimer

  constructor (agent, wallet, proposal, terms) {
    this.#agent = agent
    this.wallet = wallet
    this.id = proposal.body.session
    this.terms = terms
    this.proposal = proposal
    this.me = wallet.slotOf(agent.participant.public)
    this.payloadDigest = hash('countersign/payload', encodePayload(terms.payload))
    this.approved = false
    this.attempt = 0
    this.extensions = new Map()
    this.evidence = []
    this.saysCompletion = false
    this.ownCount = 0
    this.#clear()
    this.#countDown(terms.deadline)
    this.job = new Job(wallet, this.id, terms.payload)
  }

  /** Every envelope held: of an open session what others may lack, of an ended one its notice. */
  held () {
    if (this.outcome !== undefined) return this.notice() ?? []
    const all = [this.proposal]
    for (const [slot, place] of this.board.entries()) {
      all.push(place.nonces?.envelope, place.partials?.envelope, this.extensions.get(slot)?.envelope)
    }
    return [...new Set(all)].filter(one => one !== undefined)
  }

  /** The notice, in a list: section 7, "Ends". Completed by one's own aggregation it is made when asked for. */
  notice () {
    if (this.outcome?.end === 'completed' && this.closing === undefined) {
      this.closing = this.#seal({ kind: 'complete', signatures: join(this.outcome.signatures) })
    }
    return this.closing && [this.closing]
  }

  /** Agrees to sign; covers every attempt. */
  approve () {
    this.approved = true
    this.advance()
  }

  /** Takes the proposer's own first contribution, which `proposal` brought. */
  begin (nonces) {
    this.board[this.terms.proposer].nonces = { data: nonces, envelope: this.proposal }
  }

  /** Proposes: the proposer's nonces for attempt 0 travel in its proposal. */
  static propose (agent, wallet, terms, id) {
    const body = { wallet: wallet.id, session: id, slot: terms.proposer }
    const nonces = new Job(wallet, id, terms.payload).makeNonces(agent.participant, 0)
    const message = { kind: 'propose', terms, nonces: join(nonces.public) }
    const session = new Session(agent, wallet, agent.seal(body, message), terms)
    session.#secretNonces = nonces.secret
    session.begin(nonces.public)
    session.approved = true
    return session
  }

  decline (reason) {
    if (this.board[this.me].partials !== undefined) throw new Error('who has signed does not decline')
    this.#publish({ kind: 'decline', reason })
    this.#end({ end: 'declined', slot: this.me, reason }, this.closing)
  }

  cancel () {
    if (this.me !== this.terms.proposer) throw new Error('only the proposer cancels')
    if (this.board[this.me].partials !== undefined) throw new Error('who has signed does not cancel')
    this.#publish({ kind: 'cancel' })
    this.#end({ end: 'cancelled' }, this.closing)
  }

  extend (until) {
    this.#consent(this.#publish({ kind: 'extend', until }))
  }

  /**
   * Takes a verified envelope and says whether it is new, so that it is to be forwarded; throws Refused. Section 7, "What
   * a receiver checks".
   */
  take (envelope) {
    const { message } = envelope
    if (this.held().some(one => one.id === envelope.id)) return false
    if (this.outcome !== undefined && message.kind !== 'complete') return false
    switch (message.kind) {
      case 'propose':
      case 'nonces':
      case 'partials':
      case 'answer':
        return this.#contribution(envelope)
      case 'complete':
        return this.#complete(envelope)
      case 'decline':
        this.#end({ end: 'declined', slot: envelope.slot, reason: message.reason }, envelope)
        return true
      case 'cancel':
        if (envelope.slot !== this.terms.proposer) throw new Refused(WHY.notYours, 'only the proposer cancels', true)
        this.#end({ end: 'cancelled' }, envelope)
        return true
      case 'extend':
        return this.#consent(envelope)
      default:
        throw new Error(`no message ${message.kind}`)
    }
  }

  /** Takes what a proven offence leads to: section 8, "What follows". */
  convicted ({ offence, slot, attempt }, evidence) {
    const again = this.evidence.filter(one => one.slot === slot)
    if (again.length >= 3 || again.some(one => one.offence === offence && one.attempt === attempt)) return false
    this.evidence.push({ offence, slot, attempt, bytes: evidence })
    if (this.outcome !== undefined || offence === 'forged completion') return true
    const twice = again.some(one => one.offence === 'equivocation')
    if (offence !== 'equivocation' || twice || attempt === MAX_ATTEMPT) {
      this.#end({ end: 'failed', slot, offence })
    } else if (attempt >= this.attempt) {
      this.moveTo(attempt + 1)
    }
    return true
  }

  /** Begins a later attempt: nonces and contributions are forgotten, the approval stands. */
  moveTo (attempt, heardAnother = false) {
    if (this.outcome !== undefined) return
    this.#clear()
    if (attempt > MAX_ATTEMPT) {
      this.#giveUp('no attempts left')
      return
    }
    this.attempt = attempt
    this.#agent.tell({ event: 'attempt', session: this.id, attempt })
    const pause = attempt < 2 || heardAnother ? 0 : ATTEMPT_PAUSE_MS * 2 ** (attempt - 2)
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      this.advance()
    }, pause)
  }

  /** Does whatever can be done now: section 7, both rounds and the aggregation. */
  advance () {
    if (!this.approved || this.outcome !== undefined || this.#pause !== undefined || !this.#inTime()) return
    const mine = this.board[this.me]
    const others = this.board.filter(place => place !== mine)
    const style = this.#agent.style
    if (mine.nonces === undefined) {
      if (!this.#agent.mayMakeNonces(this.wallet)) return
      if (style === 'answer' && others.every(place => place.nonces)) {
        this.#answer(mine, others)
      } else {
        const made = this.job.makeNonces(this.#agent.participant, this.attempt)
        this.#secretNonces = made.secret
        const message = { kind: 'nonces', attempt: this.attempt, nonces: join(made.public) }
        mine.nonces = { data: made.public, envelope: this.#seal(message) }
        this.#agent.publish(this, mine.nonces.envelope)
      }
    }
    if (this.board.some(place => place.nonces === undefined)) return
    this.#setAside()
    if (mine.partials === undefined) this.#sign(mine, others)
    if (this.outcome === undefined && this.board.every(place => place.partials)) {
      this.#aggregate()
    }
  }

  /** Somebody has listed this session: it may lack something when the session completes. */
  wasListed () {
    this.saysCompletion = true
  }

  /** What a user may see. */
  show () {
    return {
      id: this.id,
      attempt: this.attempt,
      approved: this.approved,
      items: this.job.items.map(({ digest, outputKey }, at) => ({
        digest, output_key: outputKey, signature: this.outcome?.signatures?.[at] ?? null
      })),
      text: this.terms.payload.text,
      outcome: this.outcome === undefined ? null : { ...this.outcome, signatures: undefined },
      evidence: this.evidence.map(one => one.bytes)
    }
  }

  #answer (mine, others) {
    const { nonces, partials } = this.job.answer(this.#agent.participant, others.map(place => place.nonces.data))
    const all = this.board.map(place => place === mine ? nonces : place.nonces.data)
    const set = this.job.nonceSet(this.attempt, all)
    const envelope = this.#seal({ kind: 'answer', attempt: this.attempt, set, nonces: join(nonces), partials: join(partials) })
    mine.nonces = { data: nonces, envelope }
    mine.partials = { data: partials, set, envelope }
    this.#agent.publish(this, envelope)
    this.#askLater(ASK_AGAIN_MS)
  }

  #sign (mine, others) {
    const secret = this.#secretNonces
    this.#secretNonces = undefined
    const nonces = this.#nonces()
    const set = this.job.nonceSet(this.attempt, nonces)
    const partials = this.job.sign(this.#agent.participant, secret, nonces)
    if (others.every(place => place.partials)) {
      // The last one publishes the signatures; its partial signatures nobody needs.
      mine.partials = { data: partials, set }
      this.saysCompletion = true
      return
    }
    const envelope = this.#seal({ kind: 'partials', attempt: this.attempt, set, partials: join(partials) })
    mine.partials = { data: partials, set, envelope }
    this.#agent.publish(this, envelope)
    this.#askLater(ASK_AGAIN_MS)
  }

  /** Adds up; a signature that does not verify is somebody's fault. */
  #aggregate () {
    const nonces = this.#nonces()
    const signatures = this.job.aggregate(nonces, this.board.map(place => place.partials.data))
    if (this.job.verify(signatures)) {
      this.#end({ end: 'completed', signatures })
      return
    }
    const wrong = this.board.findIndex((place, slot) => !this.job.verifyPartials(nonces, slot, place.partials.data))
    if (wrong === this.me || wrong === -1) {
      this.#giveUp('our own partial signature does not verify')
    } else {
      this.#convict({ kind: 'badPartial', nonces: join(nonces.flat()), envelope: this.board[wrong].partials.envelope })
    }
  }

  #contribution (envelope) {
    const { message, slot } = envelope
    const attempt = message.attempt ?? 0
    if (attempt > MAX_ATTEMPT) throw new Refused(WHY.invalid, `attempt ${attempt}`)
    if (message.kind === 'propose' && slot !== this.terms.proposer) throw new Refused(WHY.invalid, 'no proposer')
    if (attempt < this.attempt) return false
    if (slot === this.me) {
      this.#agent.tell({ event: 'own_past', session: this.id, attempt })
      this.moveTo(attempt + 1)
      return true
    }
    const nonces = message.nonces && this.job.readNonces(message.nonces)
    const partials = message.partials && this.job.readPartials(message.partials)
    if (message.nonces && nonces === undefined) return this.#convict({ kind: 'badNonce', envelope })
    if (message.partials && partials === undefined) {
      return this.#convict({ kind: 'badPartial', nonces: new Uint8Array(), envelope })
    }
    if (attempt > this.attempt) this.moveTo(attempt, true)
    this.#endPause()
    const place = this.board[slot]
    const differs = (before, data) => before !== undefined && data !== undefined && !same(join(before.data), join(data))
    const first = differs(place.nonces, nonces)
      ? place.nonces
      : (differs(place.partials, partials) || (place.partials && partials && !same(place.partials.set, message.set))) && place.partials
    if (first) {
      const [lower, upper] = [first.envelope, envelope].sort((a, b) => a.id < b.id ? -1 : 1)
      return this.#convict({ kind: 'twoFaces', first: lower, second: upper })
    }
    const signed = this.board[this.me].partials?.set
    if (partials && signed && !same(signed, message.set)) this.#otherNonces()
    const known = (!nonces || place.nonces) && (!partials || place.partials)
    if (nonces) place.nonces ??= { data: nonces, envelope }
    if (partials) place.partials ??= { data: partials, set: message.set, envelope }
    this.advance()
    return !known
  }

  #complete (envelope) {
    if (this.outcome?.end === 'completed') return false
    const signatures = this.job.split(envelope.message.signatures, 64)
    if (signatures === undefined || !this.job.verify(signatures)) return this.#convict({ kind: 'forgery', envelope })
    this.#end({ end: 'completed', signatures }, envelope)
    return true
  }

  /** Takes an extend: once all slots have consented, the earliest of their latest times is the deadline. */
  #consent (envelope) {
    const { until } = envelope.message
    const before = this.extensions.get(envelope.slot)
    const count = (before?.count ?? 0) + 1
    if (count > MAX_EXTENSIONS || Number(until) > Number(this.terms.created) + MAX_SESSION_MS) {
      throw new Refused(WHY.invalid, 'an extension too many or too long')
    }
    if (before !== undefined && until <= before.until) return false
    this.extensions.set(envelope.slot, { until, count, envelope })
    if (this.extensions.size === this.board.length) {
      const earliest = [...this.extensions.values()].map(one => one.until).reduce((a, b) => a < b ? a : b)
      if (earliest > this.deadline) this.#countDown(earliest)
    }
    return true
  }

  /** Puts partial signatures for another nonce set aside, now that the set is known. */
  #setAside () {
    const set = this.job.nonceSet(this.attempt, this.#nonces())
    for (const place of this.board) {
      if (place.partials && !same(place.partials.set, set)) {
        place.partials = undefined
        this.#askOnce()
      }
    }
  }

  #otherNonces () {
    this.#askOnce()
    throw new Refused(WHY.otherNonces, 'partial signatures for another nonce set')
  }

  #askOnce () {
    if (!this.#asked) this.#agent.ask(this.wallet)
    this.#asked = true
  }

  /** While others' partial signatures are lacking, asks what is held elsewhere: 5 s, 10 s, 20 s … later. */
  #askLater (pause) {
    clearTimeout(this.#askAgain)
    this.#askAgain = setTimeout(() => {
      this.#agent.ask(this.wallet)
      this.#askLater(Math.min(2 * pause, 3_600_000))
    }, pause)
  }

  #convict (proof) {
    const accused = (proof.envelope ?? proof.second).slot
    this.#agent.convict(this, makeEvidence(this.wallet, this.#agent.cardOf(this.wallet.keys[accused]), this.terms, proof))
    return true
  }

  #giveUp (why) {
    this.#agent.tell({ event: 'gave_up', session: this.id, why })
    this.#publish({ kind: 'decline', reason: GAVE_UP })
    this.#end({ end: 'failed', why }, this.closing)
  }

  #end (outcome, notice) {
    const corrected = outcome.end === 'completed' && this.outcome?.end !== 'completed'
    if (this.outcome !== undefined && !corrected) return
    this.#clear()
    clearTimeout(this.#deadlineTimer)
    this.outcome = outcome
    this.closing = notice
    this.#agent.tell({ event: 'ended', session: this.id, ...outcome })
    // Who signs last says so; who completes by others' signatures only if somebody has listed the session.
    if (outcome.end === 'completed' && notice === undefined && this.saysCompletion) this.#agent.publish(this, this.notice()[0])
  }

  #clear () {
    this.board = this.wallet.keys.map(() => ({}))
    this.#secretNonces = undefined
    this.#asked = false
    clearTimeout(this.#askAgain)
    this.#endPause()
  }

  #endPause () {
    clearTimeout(this.#pause)
    this.#pause = undefined
  }

  /** Counts down from now on a clock that nobody moves. */
  #countDown (deadline) {
    this.deadline = deadline
    const left = Number(deadline) - Date.now()
    this.expiresAt = performance.now() + left
    clearTimeout(this.#deadlineTimer)
    // Longer waits than 24 days overflow a timer.
    this.#deadlineTimer = setTimeout(() => this.#inTime(), Math.min(left + 1, 2 ** 31 - 1))
  }

  #inTime () {
    if (this.outcome === undefined && performance.now() >= this.expiresAt) this.#end({ end: 'expired' })
    return this.outcome === undefined
  }

  #nonces () {
    return this.board.map(place => place.nonces.data)
  }

  #seal (message) {
    return this.#agent.seal({ wallet: this.wallet.id, session: this.id, slot: this.me }, message)
  }

  #publish (message) {
    const envelope = this.#seal(message)
    if (message.kind !== 'extend') this.closing = envelope
    this.#agent.publish(this, envelope)
    return envelope
  }
}
