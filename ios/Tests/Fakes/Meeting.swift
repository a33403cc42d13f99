import Countersign
import Foundation

/// How co-signers of a test come to know each other, and what they sign.
public enum Meeting {
    /// Returns a co-signer's card, once it listens.
    public static func card(of node: Node) async throws -> String {
        _ = try await node.until { _ in node.listening().first }
        try await node.issueCard(nickname: "a nickname")
        return try await node.until(\.card)
    }

    /// Lets everybody have everybody's card, and the wallet of all.
    public static func introduce(_ nodes: [Node]) async throws -> WalletId {
        var cards: [String] = []
        for node in nodes { cards.append(try await card(of: node)) }
        var wallet = ""
        for node in nodes {
            var keys: [ParticipantKey] = []
            for card in cards { keys.append(try await node.addCard(text: card)) }
            wallet = try await node.createWallet(name: "Family", keys: keys)
        }
        return wallet
    }

    /// Returns 32 bytes to be signed.
    public static func payload(_ byte: UInt8 = 7) -> Payload {
        let item = Item(digest: Data(repeating: byte, count: 32), path: [0, 5], taproot: .keySpend)
        return Payload(items: [item], text: "Rent")
    }
}
