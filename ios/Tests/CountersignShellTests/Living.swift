import Countersign
import CountersignShell
import Fakes
import Foundation
import Testing

/// Co-signers over the real library, with the adapters between them and the recording system.
@MainActor enum Living {
    static func open(
        _ who: UInt8, in folder: String, alarms: (any AlarmPort)? = nil
    ) async throws -> CoSigner {
        let config = Config(journal: "\(folder)/\(who).db", listen: ["/ip4/127.0.0.1/tcp/0"])
        let resources = BundleResources()
        let shell = Shell(
            vault: CountedVault(who), notifications: SystemNotifications(resources: resources), resources: resources,
            alarms: alarms)
        return try await CoSigner.open(config, shell: shell) { Issue.record("\($0)") }
    }
}

extension Outcome {
    var isCompleted: Bool { if case .completed = self { true } else { false } }
}

extension Node {
    func asked() async throws -> SessionId { try await until(\.pendingRequest) }

    func reached(_ phase: Phase, in session: SessionId) async throws {
        try await until { status in status.sessions.first { $0.id == session }?.phase == phase ? () : nil }
    }

    func hasNonces(of count: Int, in session: SessionId) async throws {
        try await until { status in
            let progress = status.sessions.first { $0.id == session }?.progress ?? []
            return progress.filter(\.nonces).count == count ? () : nil
        }
    }

    func ended(_ session: SessionId) async throws -> Outcome {
        try await until { $0.outcome(of: session) }
    }
}
