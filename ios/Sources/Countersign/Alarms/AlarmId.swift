import CountersignBindings
import Foundation

/// Names an alarm at the system: one for each session, the same whenever it is made.
public struct AlarmId: Hashable, Sendable {
    /// What ours begin with, to tell them from the app's own.
    private static let mark: [UInt8] = Array("sign".utf8)
    /// A session's part of a key: an `s` and 32 digits.
    private static let digits = 32

    /// The name as the system has it.
    public let uuid: UUID

    /// Names the alarm of the session that a notification is of; `nil` for a key that is none.
    public init?(_ key: NotificationKey) {
        guard key.hasPrefix("s"), let end = key.firstIndex(of: ":") else { return nil }
        let session = key[key.index(after: key.startIndex)..<end]
        let halves = session.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard halves.count == Self.digits, session.utf8.count == Self.digits else { return nil }
        var bytes = Self.mark
        for index in 0..<12 { bytes.append(UInt8(halves[2 * index] * 16 + halves[2 * index + 1])) }
        // RFC 9562: version 8 is for what is made in a way of one's own.
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        uuid = Self.join(bytes)
    }

    /// Reads a name; `nil` for an alarm that is not ours.
    public init?(_ uuid: UUID) {
        let bytes = uuid.uuid
        guard [bytes.0, bytes.1, bytes.2, bytes.3] == Self.mark, bytes.6 & 0xf0 == 0x80 else { return nil }
        self.uuid = uuid
    }

    private static func join(_ bytes: [UInt8]) -> UUID {
        UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9],
                bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
            ))
    }
}
