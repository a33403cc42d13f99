import Foundation

/// What a line asks for.
struct Command: Decodable {
    enum Kind: String, Decodable {
        case wallet, preflight, initiate, approve, outcome, close
    }

    enum CodingKeys: String, CodingKey {
        case kind = "do"
        case cards, digest, session
        case lastsMs = "lasts_ms"
    }

    let kind: Kind
    let cards: [String]?
    let digest: String?
    let lastsMs: UInt64?
    let session: String?

    init(line: String) throws {
        self = try JSONDecoder().decode(Command.self, from: Data(line.utf8))
    }
}
