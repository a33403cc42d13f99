import Foundation

/// A number modulo secp256k1's p = 2^256 - 2^32 - 977: four words, the lowest first.
struct Field: Equatable {
    static let zero = Field(words: [0, 0, 0, 0])
    static let one = Field(words: [1, 0, 0, 0])
    /// 2^256 - p.
    private static let rest: UInt64 = 0x1_0000_03D1
    static let prime = [UInt64.max - rest + 1, .max, .max, .max]

    let words: [UInt64]

    private init(words: [UInt64]) {
        self.words = words
    }

    /// Reads 32 bytes; `nil` if they are p or more.
    init?(_ bytes: Data) {
        words = Self.words(of: bytes)
        guard Self.isLess(words, Self.prime) else { return nil }
    }

    static func words(of bytes: Data) -> [UInt64] {
        let big = [UInt8](bytes)
        return (0..<4).map { word in big[(24 - 8 * word)..<(32 - 8 * word)].reduce(0) { $0 << 8 | UInt64($1) } }
    }

    static func isLess(_ left: [UInt64], _ right: [UInt64]) -> Bool {
        for index in (0..<4).reversed() where left[index] != right[index] { return left[index] < right[index] }
        return false
    }

    /// Subtracts modulo 2^256.
    static func minus(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
        var borrow: UInt64 = 0
        return (0..<4).map { index in
            let (first, one) = left[index].subtractingReportingOverflow(right[index])
            let (second, two) = first.subtractingReportingOverflow(borrow)
            borrow = one || two ? 1 : 0
            return second
        }
    }

    static func + (left: Field, right: Field) -> Field {
        left - (zero - right)
    }

    static func - (left: Field, right: Field) -> Field {
        let difference = minus(left.words, right.words)
        // Over 2^256, `rest` is what was borrowed too much.
        return isLess(left.words, right.words)
            ? Field(words: minus(difference, [rest, 0, 0, 0])) : Field(words: difference)
    }

    static func * (left: Field, right: Field) -> Field {
        var product = [UInt64](repeating: 0, count: 8)
        for (at, word) in left.words.enumerated() { add(word, times: right.words, to: &product, at: at) }
        // 2^256 is `rest`, modulo p.
        while product[4...].contains(where: { $0 != 0 }) {
            let high = Array(product[4...])
            product = Array(product[..<4]) + [0, 0, 0, 0]
            add(rest, times: high, to: &product, at: 0)
        }
        let words = Array(product[..<4])
        return Field(words: isLess(words, prime) ? words : minus(words, prime))
    }

    private static func add(_ word: UInt64, times words: [UInt64], to sum: inout [UInt64], at start: Int) {
        var carry: UInt64 = 0
        for (index, other) in words.enumerated() {
            let (high, low) = word.multipliedFullWidth(by: other)
            let (first, one) = sum[start + index].addingReportingOverflow(low)
            let (second, two) = first.addingReportingOverflow(carry)
            sum[start + index] = second
            carry = high + (one ? 1 : 0) + (two ? 1 : 0)
        }
        sum[start + words.count] = carry
    }

    /// Raises it to a power of 256 bits.
    func power(_ exponent: [UInt64]) -> Field {
        var result = Field.one
        for bit in (0..<256).reversed() {
            result = result * result
            if exponent[bit / 64] >> UInt64(bit % 64) & 1 == 1 { result = result * self }
        }
        return result
    }

    var inverse: Field { power(Self.minus(Self.prime, [2, 0, 0, 0])) }

    /// A root, if it has one: its power of (p + 1) / 4.
    var root: Field? {
        let root = power([0xffff_ffff_bfff_ff0c, 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff, 0x3fff_ffff_ffff_ffff])
        return root * root == self ? root : nil
    }
}
