import Countersign
import Fakes
import Foundation

/// One co-signer that does what it is told.
actor Phone {
    private var coSigner: CoSigner?
    private var wallet: WalletId?

    private var node: Node {
        get throws(NodeError) {
            guard let coSigner else { throw .Stopped }
            return coSigner.node
        }
    }

    /// Opens the co-signer, and has its card issued.
    init(folder: String, number: UInt8) async throws {
        let config = Config(journal: "\(folder)/\(number).db", listen: ["/ip4/127.0.0.1/tcp/0"])
        let shell = Shell(
            vault: CountedVault(number), notifications: SilentNotifications(), resources: PlainResources())
        let opened = try await CoSigner.open(config, shell: shell)
        coSigner = opened
        let node = opened.node
        _ = try await node.until { _ in node.listening().first }
        try await node.issueCard(nickname: "phone \(number)")
    }

    func card() async throws -> String {
        try await node.until(\.card)
    }

    func carryOut(_ command: Command) async throws -> Answer {
        switch command.kind {
        case .wallet: try await makeWallet(of: command.cards ?? [])
        case .preflight: try await preflight()
        case .initiate: try await initiate(digest: command.digest ?? "", lastsMs: command.lastsMs ?? 0)
        case .approve: try await approve()
        case .outcome: try await outcome(of: command.session ?? "")
        case .close: try await close()
        }
    }

    private func makeWallet(of cards: [String]) async throws -> Answer {
        var keys: [ParticipantKey] = []
        for card in cards { keys.append(try await node.addCard(text: card)) }
        wallet = try await node.createWallet(name: "Family", keys: keys)
        return Answer(wallet: wallet)
    }

    private func preflight() async throws -> Answer {
        let report = try await node.preflight(wallet: knownWallet(), budgetMs: 10_000)
        return Answer(ready: report.ready, connected: report.connected, missing: report.missing)
    }

    private func initiate(digest: String, lastsMs: UInt64) async throws -> Answer {
        let item = Item(digest: Data(hex: digest) ?? Data(), path: [0, 5], taproot: .keySpend)
        let payload = Payload(items: [item], text: "Rent")
        return Answer(session: try await node.initiate(wallet: knownWallet(), payload: payload, lastsMs: lastsMs))
    }

    private func approve() async throws -> Answer {
        let session = try await node.until(\.pendingRequest)
        try await node.approve(session: session)
        return Answer(session: session)
    }

    private func outcome(of session: SessionId) async throws -> Answer {
        switch try await node.until(within: .seconds(90), { $0.outcome(of: session) }) {
        case .completed(let signatures):
            let keys = try await node.outputKeys(session: session)
            return Answer(outcome: "completed", signatures: signatures.hex, keys: keys)
        case .declined: return Answer(outcome: "declined")
        case .cancelled: return Answer(outcome: "cancelled")
        case .expired: return Answer(outcome: "expired")
        case .failed: return Answer(outcome: "failed")
        }
    }

    private func close() async throws -> Answer {
        try await coSigner?.close()
        // The library's threads end a moment after the last node is let go.
        coSigner = nil
        for _ in 0..<100 where !OwnProcess.threads.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        return Answer(threads: OwnProcess.threads.count)
    }

    private func knownWallet() throws(NodeError) -> WalletId {
        guard let wallet else { throw .Unknown(what: "wallet") }
        return wallet
    }
}
