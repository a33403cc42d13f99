// PROTOCOL.md, section 13: every byte of the worked example, made anew from the fixed values that it begins with.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { hash, hex, ParticipantKey, peerOf, TransportKey, unhex } from '../src/keys.js'
import { itemKey, Job, join, Wallet } from '../src/signing.js'
import * as wire from '../src/wire.js'

const document = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8').split('\n## 13.')[1]
const blocks = new Map()
for (const [, kind, name, content] of document.matchAll(/^```(hex|text) (\S+)\n([\s\S]*?)```/gm)) {
  blocks.set(`${kind} ${name}`, content.replaceAll(/\s/g, ''))
}

const compared = new Set()
function assertShown (name, made, kind = 'hex') {
  assert.equal(kind === 'hex' ? hex(made) : made, blocks.get(`${kind} ${name}`), `${kind} ${name}`)
  compared.add(`${kind} ${name}`)
}

const fill = byte => new Uint8Array(32).fill(byte)
const ISSUED = 1_800_000_000_000
const CREATED = ISSUED + 60_000
const [ada, ben] = [
  { secret: 0x16, seed: 0xa1, aux: 0x50, fresh: 0x51, name: 'Ada', addresses: ['/ip4/192.0.2.1/tcp/4001'] },
  { secret: 0x18, seed: 0xb2, aux: 0x60, fresh: 0x61, name: 'Ben', addresses: ['/ip4/198.51.100.7/tcp/4001', '/dns4/ben.example/tcp/4001'] }
].map(person => {
  const [participant, transport] = [new ParticipantKey(fill(person.secret)), new TransportKey(fill(person.seed))]
  const statement = {
    version: 1,
    participant: participant.public,
    transport: transport.public,
    issued: ISSUED,
    until: ISSUED + 31_536_000_000,
    nickname: person.name,
    addresses: person.addresses
  }
  const card = wire.Card.issue(statement, participant, transport, fill(person.aux))
  return { ...person, participant, transport, statement, card }
})
const wallet = new Wallet([ada.participant.public, ben.participant.public])
const payload = {
  items: [
    { digest: fill(0xd0), key: { steps: [0, 7], taproot: { kind: 'keySpend' } } },
    { digest: fill(0xd1), key: { steps: [], taproot: { kind: 'untweaked' } } }
  ],
  text: 'Rent for May'
}
const terms = { wallet: wallet.id, proposer: 0, created: CREATED, deadline: CREATED + 300_000, random: fill(0x77), payload }
const session = hash('countersign/session', wire.encodeTerms(terms))
const job = new Job(wallet, session, payload)
const seal = (slot, message, transport) => wire.Envelope.seal({ wallet: wallet.id, session, slot, message }, transport)

const nonces = job.makeNonces(ada.participant, 0, fill(ada.fresh))
const propose = seal(0, { kind: 'propose', terms, nonces: join(nonces.public) }, ada.transport)
const answered = job.answer(ben.participant, [nonces.public], fill(ben.fresh))
const allNonces = [nonces.public, answered.nonces]
const set = job.nonceSet(0, allNonces)
const answer = seal(1, { kind: 'answer', attempt: 0, set, nonces: join(answered.nonces), partials: join(answered.partials) }, ben.transport)
const partials = job.sign(ada.participant, nonces.secret, allNonces)
const signatures = job.aggregate(allNonces, [partials, answered.partials])
const complete = seal(0, { kind: 'complete', signatures: join(signatures) }, ada.transport)

after(() => assert.deepEqual([...blocks.keys()].filter(name => !compared.has(name)), [], 'every block was made anew'))

test('identities and cards', () => {
  for (const [slot, person] of [ada, ben].entries()) {
    assertShown(`secret-${slot}`, person.participant.secret)
    assertShown(`participant-${slot}`, person.participant.public)
    assertShown(`transport-seed-${slot}`, person.transport.seed)
    assertShown(`transport-${slot}`, person.transport.public)
    assertShown(`peer-${slot}`, peerOf(person.transport.public).toMultihash().bytes)
    assertShown(`peer-${slot}`, peerOf(person.transport.public).toString(), 'text')
    assertShown(`statement-${slot}`, wire.encodeStatement(person.statement))
    assertShown(`hash-card-${slot}`, hash('countersign/card', wire.encodeStatement(person.statement)))
    assertShown(`card-${slot}`, person.card.bytes)
    assertShown(`card-${slot}`, person.card.toText(), 'text')
    assert.deepEqual(wire.Card.fromText(` ${blocks.get(`text card-${slot}`)} `).statement, person.statement)
  }
})

test('the wallet and its keys', () => {
  assertShown('wallet', wallet.id)
  assertShown('aggregate', wallet.aggregate)
  for (const [at, item] of payload.items.entries()) {
    assertShown(`output-key-${at}`, itemKey(wallet, item.key).outputKey)
  }
})

test('both hellos', () => {
  const hello = (person, have) =>
    wire.frameWithLength(wire.encodeFrame({ kind: 'hello', version: 1, card: person.card.bytes, have, lost: false }))
  assertShown('frame-hello-0', hello(ada, [{ session, ids: unhex(propose.id) }]))
  assertShown('frame-hello-1', hello(ben, []))
})

test('the proposal', () => {
  assertShown('payload', wire.encodePayload(payload))
  assertShown('payload-digest', hash('countersign/payload', wire.encodePayload(payload)))
  assertShown('terms', wire.encodeTerms(terms))
  assertShown('session', session)
  assertCarried('propose', propose, [])
})

test('ping and pong', () => {
  const challenge = wire.decodeFrame(unhex(blocks.get('hex frame-ping')).slice(1)).challenge
  assertShown('frame-ping', wire.frameWithLength(wire.encodeFrame({ kind: 'ping', challenge })))
  const wall = ISSUED + 65_040
  const digest = wire.pongDigest(challenge, ada.transport.public, ben.transport.public, wall)
  assertShown('hash-pong', digest)
  const pong = { kind: 'pong', challenge, wall, signature: ben.transport.sign(digest) }
  assertShown('frame-pong', wire.frameWithLength(wire.encodeFrame(pong)))
})

test('the answer', () => {
  assertShown('nonce-set', set)
  assertCarried('answer', answer, [0, 1])
})

test('the completion', () => {
  assert.ok(job.verify(signatures), 'both signatures verify')
  assertCarried('complete', complete, [0, 1])
})

/** Compares an envelope, its hash, and what stands before it in the frame that carries it. */
function assertCarried (name, envelope, slots) {
  assertShown(`hash-${name}`, envelope.digest)
  assertShown(`envelope-${name}`, envelope.bytes)
  const frame = wire.frameWithLength(wire.encodeFrame({ kind: 'carry', reach: wire.reachOf(slots), envelope: envelope.bytes }))
  assertShown(`head-${name}`, frame.slice(0, frame.length - envelope.bytes.length))
}
