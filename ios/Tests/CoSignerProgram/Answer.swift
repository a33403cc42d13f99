import Foundation

/// What is answered in one line.
struct Answer: Encodable, Equatable {
    /// Which command it answers.
    var answer: String?
    var event: String?
    var card: String?
    var wallet: String?
    var ready: Bool?
    var connected: UInt64?
    var missing: [String]?
    var session: String?
    var outcome: String?
    var signatures: String?
    var keys: [String]?
    var threads: Int?
    var error: String?

    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
