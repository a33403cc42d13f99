// PROTOCOL.md, section 4: connections, one stream each way, and who is let in.

import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { webRTCDirect } from '@libp2p/webrtc'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { hex, peerOf, transportOf } from './keys.js'
import { FrameReader } from './wire.js'

const PROTOCOL = '/countersign/1'
const REDIAL_FIRST_MS = 1000
const REDIAL_MAX_MS = 60_000
const DIAL_TIMEOUT_MS = 5000
const TRANSPORTS = { tcp, 'webrtc-direct': webRTCDirect, relay: circuitRelayTransport }

/** The swarm of one agent. */
export class Network {
  #node
  #peers = new Map()
  #redials = new Map()
  #agent

  /** Listens; `relays` are the peer ids of relays, which are let in as well. */
  static async open ({ agent, key, transports, listen, relays }) {
    const network = new Network()
    network.#agent = agent
    const stranger = peer => {
      const transport = transportOf(peer)
      return !relays.includes(peer.toString()) && (!transport || agent.participantOf(transport) === undefined)
    }
    network.#node = await createLibp2p({
      privateKey: key,
      addresses: { listen },
      transports: transports.map(name => TRANSPORTS[name]()),
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      // A relay is found by what it says in identify; nothing else needs it.
      services: relays.length > 0 ? { identify: identify() } : {},
      connectionGater: {
        denyInboundEncryptedConnection: peer => stranger(peer),
        denyOutboundEncryptedConnection: peer => stranger(peer),
        denyDialMultiaddr: () => false
      },
      connectionManager: { dialTimeout: DIAL_TIMEOUT_MS, inboundConnectionThreshold: 64 },
      // It pings over a protocol of its own, which nobody need offer.
      connectionMonitor: { enabled: false }
    })
    await network.#node.handle(PROTOCOL, (stream, connection) => network.#read(stream, connection), {
      runOnLimitedConnection: true, maxInboundStreams: 8
    })
    network.#node.addEventListener('connection:open', ({ detail }) => network.#opened(detail))
    return network
  }

  /** Our addresses, each with our peer id. */
  addresses () {
    return this.#node.getMultiaddrs().map(address => address.toString())
  }

  /** Where our streams go: the other side's address on each. */
  ways () {
    return [...this.#peers.values()].filter(peer => peer.out !== undefined).map(peer => peer.way)
  }

  /** Dials every co-signer who is not connected, now. */
  dial () {
    for (const { statement } of this.#agent.others()) this.#dial(statement, REDIAL_FIRST_MS)
  }

  /** Closes every connection and dials again. */
  dialAnew () {
    for (const peer of this.#peers.values()) this.#lost(peer, peer.out)
    this.dial()
  }

  async close () {
    await this.#node.stop()
  }

  async #dial ({ transport, addresses }, pause) {
    const key = hex(transport)
    clearTimeout(this.#redials.get(key))
    const peer = peerOf(transport)
    if (this.#peers.get(key)?.out || addresses.length === 0) return
    try {
      await this.#node.dial(addresses.flatMap(text => readAddress(text, peer)), {
        signal: AbortSignal.timeout(DIAL_TIMEOUT_MS), force: false
      })
    } catch (error) {
      this.#agent.tell({ event: 'dial_failed', participant: this.#agent.participantOf(transport), why: error.message })
      const again = () => {
        const card = this.#agent.others().find(card => hex(card.statement.transport) === key)
        if (card !== undefined) this.#dial(card.statement, Math.min(2 * pause, REDIAL_MAX_MS))
      }
      this.#redials.set(key, setTimeout(again, pause * (0.5 + Math.random() / 2)))
    }
  }

  #peer (transport) {
    const key = hex(transport)
    if (!this.#peers.has(key)) {
      const ready = Promise.withResolvers()
      this.#peers.set(key, { transport, ready })
    }
    return this.#peers.get(key)
  }

  /** On a new connection each side opens one stream and writes only on that one, unless one stands already. */
  async #opened (connection) {
    const transport = transportOf(connection.remotePeer)
    if (transport === undefined || this.#agent.participantOf(transport) === undefined) return
    const peer = this.#peer(transport)
    if (peer.out !== undefined || peer.opening) return
    peer.opening = true
    try {
      const stream = await connection.newStream(PROTOCOL, { runOnLimitedConnection: true })
      // It may be silent for as long as a session is open; js-libp2p would abort it after two minutes.
      stream.inactivityTimeout = 2 ** 31 - 1
      peer.out = stream
      peer.way = connection.remoteAddr.toString()
      stream.addEventListener('close', () => this.#lost(peer, stream))
      this.#agent.tell({ event: 'stream', to: connection.remoteAddr.toString(), direction: connection.direction, limited: connection.limits !== undefined })
      this.#agent.connected(transport, {
        send: data => this.#send(peer, data),
        close: () => this.#closeAll(peer)
      })
      peer.ready.resolve()
    } catch (error) {
      this.#agent.tell({ event: 'stream_failed', why: error.message })
      connection.abort(error)
    } finally {
      peer.opening = false
    }
  }

  #send (peer, data) {
    try {
      peer.out.send(data)
    } catch (error) {
      peer.out.abort(error)
    }
  }

  /** Reads the stream that the other side has opened; a newer one replaces it. */
  async #read (stream, connection) {
    const transport = transportOf(connection.remotePeer)
    const peer = this.#peer(transport)
    peer.in = stream
    stream.inactivityTimeout = 2 ** 31 - 1
    stream.pause()
    await peer.ready.promise
    this.#agent.streamOpened(transport)
    const reader = new FrameReader()
    stream.addEventListener('message', ({ data }) => {
      try {
        if (peer.in !== stream) return
        for (const frame of reader.push(data.subarray())) this.#agent.receive(transport, frame)
      } catch (error) {
        this.#agent.tell({ event: 'closing', why: error.message })
        connection.abort(error)
      }
    })
    stream.resume()
  }

  /** Our own stream broke: all connections to that peer are closed, the link is lost, and it is dialled again. */
  #lost (peer, stream) {
    if (peer.out !== stream) return
    this.#peers.delete(hex(peer.transport))
    this.#agent.disconnected(peer.transport)
    this.#closeAll(peer)
    setTimeout(() => this.dial(), REDIAL_FIRST_MS)
  }

  #closeAll (peer) {
    for (const connection of this.#node.getConnections(peerOf(peer.transport))) connection.abort(new Error('closed'))
  }
}

/** Reads an address of a card; one that cannot be read is skipped. A peer id at its end is not needed. */
function readAddress (text, peer) {
  try {
    const address = multiaddr(text)
    const named = address.getComponents().at(-1)?.name === 'p2p'
    return [named ? address : address.encapsulate(`/p2p/${peer}`)]
  } catch {
    return []
  }
}
