// PROTOCOL.md, section 1, "Encoding": deterministic CBOR, and a grammar in the manner of its CDDL.
//
// A shape turns an object into the plain arrays that are encoded (`pack`), and back (`unpack`), which throws Malformed
// on anything that the grammar does not allow.

/** What was received is not what the grammar says: refused as `malformed`. */
export class Malformed extends Error {}

const utf8 = new TextEncoder()

/** An unsigned integer from `min` to `max`; a number where it fits, else a BigInt. */
export const uint = (min = 0n, max = 2n ** 64n - 1n) => checked(value => {
  const whole = Number.isSafeInteger(value) || typeof value === 'bigint'
  return whole && value >= min && value <= max
})

/** A byte string of one of these sizes, or of any. */
export const bytes = (...sizes) => checked(value =>
  value instanceof Uint8Array && (sizes.length === 0 || sizes.includes(value.length)))

/** A text whose UTF-8 has at most `max` bytes. */
export const text = max => checked(value =>
  typeof value === 'string' && value.isWellFormed() && utf8.encode(value).length <= max)

export const bool = checked(value => typeof value === 'boolean')

/** Exactly this value. */
export const exactly = wanted => checked(value => value === wanted)

/** An array of `min` to `max` values of one shape. */
export const list = (shape, min = 0, max = Infinity) => ({
  pack: values => values.map(shape.pack),
  unpack: plain => array(plain, min, max).map(shape.unpack)
})

/** An array of exactly these fields: `record({ digest: id, key: keyPath })`. */
export function record (fields) {
  const names = Object.keys(fields)
  return {
    pack: value => names.map(name => fields[name].pack(value[name])),
    unpack: plain => {
      array(plain, names.length, names.length)
      return Object.fromEntries(names.map((name, at) => [name, fields[name].unpack(plain[at])]))
    }
  }
}

/** An array whose first element is the number of one of `kinds`: `choice({ decline: [5, { reason: uint() }] })`. */
export function choice (kinds) {
  const byName = new Map()
  const byNumber = new Map()
  for (const [kind, [number, fields]] of Object.entries(kinds)) {
    const shape = record(fields)
    byName.set(kind, { number, shape })
    byNumber.set(number, { kind, shape })
  }
  return {
    pack: value => {
      const { number, shape } = byName.get(value.kind)
      return [number, ...shape.pack(value)]
    },
    unpack: plain => {
      const [number, ...rest] = array(plain, 1, Infinity)
      const found = byNumber.get(number)
      if (found === undefined) throw new Malformed(`no kind ${number}`)
      return { kind: found.kind, ...found.shape.unpack(rest) }
    }
  }
}

/** The grammar's `.cbor`: a byte string of at most `max` bytes that holds exactly `shape`. */
export const embedded = (shape, max = Infinity) => ({
  pack: value => encode(shape, value),
  unpack: plain => {
    const inner = bytes().unpack(plain)
    if (inner.length > max) throw new Malformed(`${inner.length} bytes are more than ${max}`)
    return decode(shape, inner)
  }
})

/** Encodes a value. Equal values have equal bytes, so that hashes can be made of what was decoded. */
export const encode = (shape, value) => encodePlain(shape.pack(value))

/** Decodes what `shape` describes, and nothing else. */
export const decode = (shape, data) => shape.unpack(plain(data))

/** Encodes integers from 0, byte strings, texts, arrays and booleans. */
export function encodePlain (value) {
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4)
  if (value instanceof Uint8Array) return concat(head(BYTES, value.length), value)
  if (typeof value === 'string') return concat(head(TEXT, utf8.encode(value).length), utf8.encode(value))
  if (Array.isArray(value)) return concat(head(ARRAY, value.length), ...value.map(encodePlain))
  return head(UINT, value)
}

/** Decodes these; throws Malformed on anything else, on longer forms than needed and on bytes left over. */
export function plain (data) {
  const [value, end] = decodeAt(data, 0, MAX_DEPTH)
  if (end !== data.length) throw new Malformed(`${data.length - end} bytes are left over`)
  return value
}

// RFC 8949, 3: the major types that occur.
const [UINT, BYTES, TEXT, ARRAY] = [0, 2, 3, 4]
// The grammar nests less.
const MAX_DEPTH = 16
// A byte order mark is part of the text.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const concat = (...parts) => Uint8Array.from(Buffer.concat(parts))

/** A data item's first byte and its argument, in the shortest form. */
function head (major, argument) {
  if (argument < 24) return Uint8Array.of(major << 5 | Number(argument))
  const size = [1, 2, 4, 8].find(size => argument < 2 ** (8 * size))
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(argument))
  return Uint8Array.from([major << 5 | 24 + Math.log2(size), ...bytes.subarray(8 - size)])
}

/** Decodes the data item at `at` and says where it ends. */
function decodeAt (data, at, depth) {
  if (at >= data.length || depth === 0) throw new Malformed('it ends early or is nested too deeply')
  if (data[at] === 0xf4 || data[at] === 0xf5) return [data[at] === 0xf5, at + 1]
  const major = data[at] >> 5
  const short = data[at] & 31
  if (![UINT, BYTES, TEXT, ARRAY].includes(major) || short > 27) throw new Malformed(`unexpected byte ${data[at]}`)
  const size = short < 24 ? 0 : 2 ** (short - 24)
  const begin = at + 1 + size
  if (begin > data.length) throw new Malformed('it ends early')
  const wide = size === 0 ? BigInt(short) : BigInt('0x' + Buffer.from(data.subarray(at + 1, begin)).toString('hex'))
  const argument = wide > Number.MAX_SAFE_INTEGER ? wide : Number(wide)
  if (head(major, argument).length !== begin - at) throw new Malformed('there is a shorter form')
  if (major === UINT) return [argument, begin]
  if (argument > data.length - begin) throw new Malformed('it ends early')
  const end = begin + argument
  if (major === BYTES) return [Uint8Array.from(data.subarray(begin, end)), end]
  if (major === TEXT) return [decodeText(data.subarray(begin, end)), end]
  return decodeArray(data, begin, argument, depth)
}

function decodeArray (data, at, count, depth) {
  const values = []
  while (values.length < count) {
    const [value, end] = decodeAt(data, at, depth - 1)
    values.push(value)
    at = end
  }
  return [values, at]
}

function decodeText (data) {
  try {
    return strictUtf8.decode(data)
  } catch {
    throw new Malformed('no UTF-8')
  }
}

export const same = (a, b) => Buffer.compare(a, b) === 0

function checked (holds) {
  const pass = value => {
    if (!holds(value)) throw new Malformed(`unexpected ${typeof value}`)
    return value
  }
  return { pack: pass, unpack: pass }
}

function array (plain, min, max) {
  if (!Array.isArray(plain)) throw new Malformed('no array')
  if (plain.length < min || plain.length > max) throw new Malformed(`${plain.length} elements`)
  return plain
}
