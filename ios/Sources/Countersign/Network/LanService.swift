import CountersignBindings

/// A co-signer as it is announced in the local network: who it is, and where it listens.
///
/// Nothing of it is believed: who is dialled there must prove its key.
public struct LanService: Equatable, Sendable {
    /// How long what was found is good for, in milliseconds: the system tells of a service once, and after each return to the app.
    public static let ttlMs: UInt64 = 3_600_000

    private static let mostAddresses = 8
    private static let longest = 200
    private static let peerKey = "peer"

    /// Its transport key.
    public var peer: TransportKey
    /// Where it listens, as multiaddresses.
    public var addresses: [String]

    /// Describes one; of more than eight addresses the first eight are announced.
    public init(peer: TransportKey, addresses: [String]) {
        self.peer = peer
        self.addresses = Array(addresses.filter { $0.utf8.count <= Self.longest }.prefix(Self.mostAddresses))
    }

    /// What stands in the service's record.
    public var record: [String: String] {
        var record = [Self.peerKey: peer]
        for (index, address) in addresses.enumerated() { record["a\(index)"] = address }
        return record
    }

    /// Reads a record; `nil` for what has no key, or no address in the local network: whoever announces it could let us connect anywhere.
    public init?(record: [String: String]) {
        guard let peer = record[Self.peerKey], !peer.isEmpty, peer.utf8.count <= Self.longest else { return nil }
        let named = (0..<Self.mostAddresses).compactMap { record["a\($0)"] }
        self.init(peer: peer, addresses: named.filter(LanAddress.isNear))
        if addresses.isEmpty { return nil }
    }
}

/// Where found co-signers go.
public protocol LanSink: Sendable {
    /// Says where a co-signer may be reached in the local network.
    func addLanCandidate(peer: TransportKey, addresses: [String], ttlMs: UInt64) async throws
}

extension Node: LanSink {}
