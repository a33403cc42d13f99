// A co-signer that speaks JSON lines: the words that it takes are those of `phone --json`, as far as it knows them.

import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Agent } from './agent.js'
import { verifyEvidence } from './evidence.js'
import { hex, ParticipantKey, TransportKey, unhex } from './keys.js'
import { LIES } from './lies.js'
import { Network } from './network.js'
import { Card } from './wire.js'

const YEAR_MS = 31_536_000_000
const DECLINED = { user: 0, unrecognised: 1, policy: 2 }

const { values: options } = parseArgs({
  options: {
    name: { type: 'string', default: 'js' },
    secret: { type: 'string', default: hex(randomBytes(32)) },
    seed: { type: 'string', default: hex(randomBytes(32)) },
    transports: { type: 'string', default: 'tcp' },
    listen: { type: 'string', multiple: true, default: ['/ip4/127.0.0.1/tcp/0'] },
    relay: { type: 'string', multiple: true, default: [] },
    style: { type: 'string', default: 'answer' },
    'auto-approve': { type: 'boolean', default: false },
    lie: { type: 'string' }
  }
})

const say = object => process.stdout.write(JSON.stringify(object, shown) + '\n')

// Whoever started us has gone.
process.stdout.on('error', () => process.exit(0))

/** Bytes are shown in hex, big integers as numbers. */
function shown (key, value) {
  const raw = this[key]
  if (raw instanceof Uint8Array) return hex(raw)
  return typeof raw === 'bigint' ? Number(raw) : value
}

/** Tells what happens; a request is approved unseen if that is wanted. */
function tell (event) {
  say(event)
  if (event.event === 'requested' && options['auto-approve']) setImmediate(() => session(hex(event.session)).approve())
}

let network
const agent = new Agent({
  participant: new ParticipantKey(unhex(options.secret)),
  transport: new TransportKey(unhex(options.seed)),
  style: options.style,
  tell,
  dial: () => network.dial()
})
Object.assign(agent.lies, options.lie && LIES[options.lie])
network = await Network.open({
  agent,
  key: agent.transport.libp2p,
  transports: options.transports.split(','),
  listen: options.listen.filter(address => address !== 'none'),
  relays: options.relay
})

const COMMANDS = {
  card: () => ({ card: agent.card.toText() }),

  add: typed => ({ participant: agent.addCard(typed).statement.participant }),

  wallet: name => {
    const { id, aggregate } = agent.createWallet(name)
    return { wallet: id, aggregate_key: aggregate.subarray(1) }
  },

  connect: () => network.dial(),
  reconnect: () => network.dialAnew(),

  propose: (name, digests, ...rest) => {
    const wallet = [...agent.wallets.values()].find(one => one.name === name)
    const { values } = parseArgs({
      args: rest,
      options: {
        path: { type: 'string', default: 'm' },
        taproot: { type: 'string', default: 'keyspend' },
        text: { type: 'string', default: '' },
        for: { type: 'string', default: '300s' }
      }
    })
    const steps = values.path.split('/').slice(1).map(Number)
    const items = digests.split(',').map(digest => ({ digest: unhex(digest), key: { steps, taproot: taproot(values.taproot) } }))
    return { session: agent.propose(wallet, { items, text: values.text }, duration(values.for)).id }
  },

  approve: typed => session(typed).approve(),
  reject: (typed, why = 'user') => session(typed).decline(DECLINED[why]),
  cancel: typed => session(typed).cancel(),
  extend: (typed, time) => session(typed).extend(Date.now() + duration(time)),
  session: typed => session(typed).show(),

  presence: time => agent.setPresence(time === 'off' ? undefined : duration(time)),

  judge: evidence => {
    const { card, ...verdict } = verifyEvidence(unhex(evidence))
    return { verdict }
  },

  links: () => ({
    links: [...agent.links.values()].map(link => ({ transport: link.transport, heard: link.heard ?? false })),
    ways: network.ways()
  })
}

function session (typed) {
  const found = [...agent.sessions].filter(([id]) => id.startsWith(typed))
  if (found.length !== 1) throw new Error(`there are ${found.length} sessions '${typed}'`)
  return found[0][1]
}

function taproot (word) {
  if (word === 'untweaked') return { kind: 'untweaked' }
  return word === 'keyspend' ? { kind: 'keySpend' } : { kind: 'scriptTree', root: unhex(word) }
}

function duration (typed) {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(typed)
  return number * { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit]
}

const issued = Date.now()
agent.setCard(Card.issue({
  version: 1,
  participant: agent.participant.public,
  transport: agent.transport.public,
  issued,
  until: issued + YEAR_MS,
  nickname: options.name,
  addresses: network.addresses().map(address => address.replace(/\/p2p\/[^/]+$/, ''))
}, agent.participant, agent.transport, randomBytes(32)))

say({
  event: 'ready',
  participant: agent.participant.public,
  transport: agent.transport.public,
  card: agent.card.toText(),
  listening: network.addresses()
})

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(match => match[1] ?? match[2])
  if (word === undefined) continue
  if (word === 'quit') break
  try {
    if (!Object.hasOwn(COMMANDS, word)) throw new Error(`'${word}' is no command`)
    say({ answer: word, ...COMMANDS[word](...rest) })
  } catch (error) {
    say({ error: { text: error.message }, answer: word })
  }
}
await network.close()
process.exit(0)
