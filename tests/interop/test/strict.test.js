// PROTOCOL.md, sections 1 to 4: what a reader must refuse.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode, encodePlain, list, Malformed, plain, record, text, uint } from '../src/cbor.js'
import { hash, TransportKey, unhex, verifyEd25519 } from '../src/keys.js'
import { Card, FrameReader, frameWithLength } from '../src/wire.js'

const shape = record({ number: uint(), words: list(text(8)) })

test('what is encoded is decoded, and nothing else', () => {
  const value = { number: 2n ** 63n, words: ['', 'grün', '\ufeffa'] }
  assert.deepEqual(decode(shape, encode(shape, value)), value)
  assert.deepEqual(decode(shape, unhex('82058161' + '61')), { number: 5, words: ['a'] })
  for (const [what, other] of Object.entries({
    'a longer integer': '8218058161' + '61',
    'a longer length': '8205817801' + '61',
    'a longer array head': '9802058161' + '61',
    'an indefinite array': '82059f6161ff',
    'an indefinite text': '8205817f6161ff',
    'a negative number': '82208161' + '61',
    'a float': '82f945008161' + '61',
    'null': '82f68161' + '61',
    'undefined': '82f78161' + '61',
    'a map': '8205a0',
    'a tag': '82c1058161' + '61',
    'bytes for text': '82058141' + '61',
    'no UTF-8': '820581' + '61ff',
    'a text that is too long': '820581' + '69' + '61'.repeat(9),
    'bytes left over': '82058161' + '6100',
    'too few elements': '8105',
    'too many elements': '8305816161' + '00',
    'too deep': '81'.repeat(262_144),
    'a length that is not there': '82055bffffffffffffffff',
    nothing: ''
  })) {
    assert.throws(() => decode(shape, unhex(other)), Malformed, what)
  }
})

test('whatever is decoded has no other encoding', () => {
  const good = encodePlain([0, 300, 2n ** 63n, 'grün', new Uint8Array(30), [true, [], false]])
  let taken = 0
  for (const at of good.keys()) {
    for (let byte = 0; byte < 256; byte += 1) {
      const data = good.with(at, byte)
      try {
        assert.deepEqual(encodePlain(plain(data)), data)
        taken += 1
      } catch (error) {
        assert.ok(error instanceof Malformed, `${at}: ${byte}: ${error}`)
      }
    }
  }
  assert.ok(taken > good.length, 'some are taken')
})

test('frames come whole, however their bytes arrive', () => {
  const frames = [0, 1, 127, 128, 16_383, 16_384, 262_144].map(size => new Uint8Array(size).fill(size))
  const stream = Buffer.concat(frames.map(frameWithLength))
  for (const step of [1000, 65_536, stream.length]) {
    const reader = new FrameReader()
    const read = []
    for (let at = 0; at < stream.length; at += step) read.push(...reader.push(stream.subarray(at, at + step)))
    assert.deepEqual(read.map(one => one.length), frames.map(one => one.length))
  }
})

test('a length over the limit or in a longer form is no frame', () => {
  for (const head of ['818010', '8000', 'ffffffff7f', '80808000']) {
    assert.throws(() => [...new FrameReader().push(unhex(head))], head)
  }
})

test('a signature that verifies only with a cofactor or a key of small order is none', () => {
  const key = new TransportKey(new Uint8Array(32).fill(1))
  const digest = hash('countersign/envelope', new Uint8Array())
  const signature = key.sign(digest)
  assert.ok(verifyEd25519(signature, digest, key.public))
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = BigInt('0x' + Buffer.from(signature.slice(32)).reverse().toString('hex')) + order
  const high = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
  assert.ok(!verifyEd25519(Buffer.concat([signature.subarray(0, 32), high]), digest, key.public), 'S over the order')
  // The neutral element as key and as R, and S = 0, satisfy the equation for every message.
  const neutral = unhex('01' + '00'.repeat(31))
  assert.ok(!verifyEd25519(Buffer.concat([neutral, new Uint8Array(32)]), digest, neutral), 'small order')
})

test('a text that is no card is none', () => {
  for (const typed of ['', 'countersign:', 'countersign:AAAA', 'countersign:g1h3', 'Countersign:g1h3', 'countersign:g1h3=']) {
    assert.throws(() => Card.fromText(typed), typed)
  }
})
