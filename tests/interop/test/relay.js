// A circuit relay v2, for tests: it prints where it listens and ends with its input.

import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

const relay = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify(), relay: circuitRelayServer() }
})
const listening = relay.getMultiaddrs().map(address => address.toString())
process.stdout.write(JSON.stringify({ event: 'ready', peer: relay.peerId.toString(), listening }) + '\n')
process.stdin.on('end', () => process.exit(0)).resume()
