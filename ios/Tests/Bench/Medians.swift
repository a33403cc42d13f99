import Countersign
import Fakes
import Foundation

/// Measures one thing many times.
struct Medians {
    private let clock = ContinuousClock()

    /// Opens the co-signer whose number is 1.
    func node(journal: String) async throws -> Node {
        let config = Config(journal: journal, listen: ["/ip4/127.0.0.1/tcp/0"])
        return try await Node.open(config: config, vault: CountedVault(1), observer: nil, lan: nil)
    }

    /// Measures a call that returns at once; a hundred at a time, since one is shorter than the clock's own call.
    func call(_ node: Node) async throws -> [Duration] {
        (0..<1_000).map { _ in
            clock.measure { for _ in 0..<100 { _ = node.listening() } } / 100
        }
    }

    /// Measures a call that is awaited.
    func status(_ node: Node) async throws -> [Duration] {
        var measured: [Duration] = []
        for _ in 0..<1_000 { measured.append(try await clock.measure { _ = try await node.status() }) }
        return measured
    }

    /// Measures how long it takes to get an event that has happened, and to say that it was dealt with.
    func event(_ node: Node) async throws -> [Duration] {
        let wallet = try await makeWallet(node)
        var events = Events(source: node).makeAsyncIterator()
        var measured: [Duration] = []
        for number in 0..<15 as Range<UInt8> {
            let item = Item(digest: Data(repeating: number, count: 32), path: [], taproot: .keySpend)
            let payload = Payload(items: [item], text: "")
            _ = try await node.propose(wallet: wallet, payload: payload, lastsMs: 600_000)
            // The one that was dealt with before is acknowledged first.
            measured.append(try await clock.measure { _ = try await events.next() })
        }
        return Array(measured.dropFirst())
    }

    /// Measures how long it takes to open a journal.
    func open(_ journal: String) async throws -> [Duration] {
        var measured: [Duration] = []
        for _ in 0..<5 {
            var opened: Node?
            measured.append(try await clock.measure { opened = try await node(journal: journal) })
            try await opened?.close()
        }
        return measured
    }

    private func makeWallet(_ node: Node) async throws -> WalletId {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let config = Config(journal: folder.appendingPathComponent("journal.db").path)
        let other = try await Node.open(config: config, vault: CountedVault(2), observer: nil, lan: nil)
        try await other.issueCard(nickname: "")
        let card = try await other.until(\.card)
        try await other.close()
        try await node.issueCard(nickname: "")
        _ = try await node.until(\.card)
        let keys = [try await node.status().participant, try await node.addCard(text: card)]
        return try await node.createWallet(name: "Bench", keys: keys)
    }
}
