// These co-signers sign with each other: over each transport, and through one in the middle.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

test('over TCP', () => sign([], '/tcp/', false))

test('over WebRTC-direct', () =>
  sign(['--transports', 'webrtc-direct', '--listen', '/ip4/127.0.0.1/udp/0/webrtc-direct'], '/webrtc-direct', false))

test('through a circuit relay', async () => {
  const relay = await start('test/relay.js')
  const { peer, listening: [address] } = relay.ready
  await sign(['--transports', 'tcp,relay', '--relay', peer, '--listen', `${address}/p2p-circuit`], '/p2p-circuit', true)
  relay.end()
})

test('two that only a third one reaches sign through it', async () => {
  const deaf = ['--listen', 'none', '--style', 'rounds']
  const all = [await start('src/main.js', deaf), await start('src/main.js'), await start('src/main.js', deaf)]
  for (const one of all) for (const other of all) if (other !== one) await one.ask(`add ${other.ready.card}`)
  for (const one of all) await one.ask('wallet shared')
  const [ada, ben, eve] = all
  for (const one of [ada, ben, ben, eve]) await one.read(said => said.event === 'pong')
  const { session } = await ada.ask(`propose shared ${'d1'.repeat(32)}`)
  for (const one of [ben, eve]) {
    await one.read(said => said.event === 'requested')
    await one.ask(`approve ${session}`)
  }
  for (const one of all) assert.equal((await one.read(said => said.event === 'ended')).end, 'completed')
  assert.equal((await ada.ask('links')).links.length, 1)
  for (const one of all) one.end()
})

/** Starts two, has them meet and sign; every stream goes over an address with `part` in it. */
async function sign (options, part, limited) {
  const [ada, ben] = [await start('src/main.js', options), await start('src/main.js', options)]
  await ada.ask(`add ${ben.ready.card}`)
  await ben.ask(`add ${ada.ready.card}`)
  await Promise.all([ada.ask('wallet shared'), ben.ask('wallet shared')])
  for (const one of [ada, ben]) {
    const stream = await one.read(said => said.event === 'stream')
    assert.ok(stream.to.includes(part) && stream.limited === limited, JSON.stringify(stream))
    await one.read(said => said.event === 'pong')
  }
  const { session } = await ada.ask(`propose shared ${'d0'.repeat(32)} --path m/0/7`)
  await ben.read(said => said.event === 'requested')
  await ben.ask(`approve ${session}`)
  const ends = await Promise.all([ada, ben].map(one => one.read(said => said.event === 'ended')))
  for (const { end, signatures } of ends) {
    assert.equal(end, 'completed')
    assert.deepEqual(signatures, ends[0].signatures)
  }
  ada.end()
  ben.end()
}

async function start (script, options = []) {
  const child = spawn(process.execPath, [script, ...options], { cwd: new URL('..', import.meta.url), stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async wanted => {
    for (;;) {
      const { value, done } = await lines.next()
      assert.ok(!done, 'it has ended')
      const said = JSON.parse(value)
      if (wanted(said)) return said
    }
  }
  const ready = await read(said => said.event === 'ready')
  const ask = line => {
    child.stdin.write(line + '\n')
    return read(said => said.answer !== undefined)
  }
  return { ready, read, ask, end: () => child.stdin.end() }
}
