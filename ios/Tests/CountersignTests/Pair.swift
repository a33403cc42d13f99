import Countersign
import Fakes
import Foundation

/// Two co-signers who are connected and share a wallet.
struct Pair {
    static let lastsMs: UInt64 = 600_000

    let ada: Node
    let bob: Node
    let wallet: WalletId

    /// Runs a test with two of them, and closes both.
    static func together(
        vault: CountedVault = CountedVault(2),
        observer: (any Observer)? = nil,
        _ test: (Pair) async throws -> Void
    ) async throws {
        try await Folder.temporary { folder in
            let ada = try await open(1, in: folder, vault: CountedVault(1), observer: observer)
            let bob = try await open(2, in: folder, vault: vault)
            let pair = Pair(ada: ada, bob: bob, wallet: try await Meeting.introduce([ada, bob]))
            let report = try await ada.preflight(wallet: pair.wallet, budgetMs: 10_000)
            guard report.ready else { throw NeverCame(instead: report) }
            try await test(pair)
            try await ada.close()
            try await bob.close()
        }
    }

    static func open(
        _ who: UInt8,
        in folder: String,
        vault: any Vault,
        observer: (any Observer)? = nil
    ) async throws -> Node {
        let config = Config(journal: "\(folder)/\(who).db", listen: ["/ip4/127.0.0.1/tcp/0"])
        return try await Node.open(config: config, vault: vault, observer: observer, lan: nil)
    }
}

/// A folder of a test's own.
enum Folder {
    /// Runs a test in one, and removes it.
    static func temporary(_ test: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await test(folder.path)
    }
}
