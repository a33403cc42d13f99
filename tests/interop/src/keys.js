// PROTOCOL.md, sections 1 and 2: tagged hashes, participant keys and transport keys.

import * as ed25519 from 'node:crypto'
import { ed25519 as curve } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'

/** `hash(tag, x)`: the tagged hash of BIP-340 of all parts, one behind the other. */
export function hash (tag, ...parts) {
  const prefix = sha256(new TextEncoder().encode(tag))
  return sha256(Buffer.concat([prefix, prefix, ...parts]))
}

/** An integer as so many bytes, the highest first. */
export function bigEndian (value, size) {
  return Buffer.from(BigInt(value).toString(16).padStart(2 * size, '0'), 'hex')
}

export const hex = bytes => Buffer.from(bytes).toString('hex')
export const unhex = text => Uint8Array.from(Buffer.from(text, 'hex'))

/** A participant's key pair. */
export class ParticipantKey {
  constructor (secret) {
    this.secret = secret
    this.public = secp256k1.getPublicKey(secret, true)
  }

  /** Signs by BIP-340. */
  sign (digest, aux) {
    return schnorr.sign(digest, this.secret, aux)
  }
}

/** Whether these 33 bytes are a compressed point. */
export function isPoint (key) {
  try {
    secp256k1.Point.fromBytes(key).assertValidity()
    return key.length === 33
  } catch {
    return false
  }
}

/** Whether a BIP-340 signature verifies; a key of 33 bytes counts by its X coordinate. */
export function verifySchnorr (signature, digest, key) {
  return schnorr.verify(signature, digest, key.length === 33 ? key.subarray(1) : key)
}

/** A phone's own key: its libp2p identity, and what signs envelopes and pongs. */
export class TransportKey {
  constructor (seed) {
    this.public = curve.getPublicKey(seed)
    this.libp2p = privateKeyFromRaw(Buffer.concat([seed, this.public]))
    this.seed = seed
  }

  sign (digest) {
    return curve.sign(digest, this.seed)
  }
}

/** The peer id of a transport key. */
export const peerOf = transport => peerIdFromPublicKey(publicKeyFromRaw(transport))

/** The transport key of a peer id; none if it is of another kind. */
export function transportOf (peer) {
  return peer.type === 'Ed25519' ? peer.publicKey.raw : undefined
}

/**
 * Whether an Ed25519 signature verifies strictly: OpenSSL uses no cofactor, bounds S and compares R by its bytes; neither
 * R nor the key may be of small order.
 */
export function verifyEd25519 (signature, digest, key) {
  try {
    for (const point of [key, signature.subarray(0, 32)]) {
      if (curve.Point.fromBytes(point).isSmallOrder()) return false
    }
  } catch {
    return false
  }
  const x = Buffer.from(key).toString('base64url')
  const jwk = ed25519.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return ed25519.verify(null, digest, jwk, signature)
}
