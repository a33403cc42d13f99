import Foundation

extension Data {
    /// Reads pairs of hexadecimal digits; `nil` if they are none.
    public init?(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count == hex.count, digits.count % 2 == 0 else { return nil }
        self.init(stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) })
    }

    /// Its bytes as pairs of hexadecimal digits.
    public var hex: String { map { String(format: "%02x", $0) }.joined() }
}
