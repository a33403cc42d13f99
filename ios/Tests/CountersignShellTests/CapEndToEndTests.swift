import Countersign
import CountersignShell
import Fakes
import Testing

/// Over the real library: more sessions than the system holds notifications for.
@MainActor @Suite(.timeLimit(.minutes(4))) struct CapEndToEndTests {
    private static let sessions = 40

    private let adas = StubPhone()

    @Test func ofFortySessionsThePlanFitsAndWhatWasLeftOutComesInAsTheEarlierGo() async throws {
        try await Folder.temporary { folder in
            let ada = try await adas.run { try await Living.open(1, in: folder) }
            let bob = try await StubPhone().run { try await Living.open(2, in: folder) }
            let wallet = try await Meeting.introduce([ada.node, bob.node])
            try await bob.close()

            var proposed: [SessionId] = []
            for number in 0..<Self.sessions {
                let lastsMs = 3_600_000 + UInt64(number) * 60_000
                proposed.append(
                    try await ada.node.propose(
                        wallet: wallet, payload: Meeting.payload(UInt8(number + 1)), lastsMs: lastsMs))
            }
            let full = try await settled(ada)
            #expect(full.truncated && held.count <= 60 && held.count >= 56)
            let ends = Set(proposed.map { "s\($0.prefix(32)):expired" })
            #expect(held.intersection(ends).contains("s\(proposed[0].prefix(32)):expired"), "the soonest is there")
            let before = held

            for session in proposed.prefix(Self.sessions / 2) { try await ada.node.cancel(session: session) }
            let rest = try await settled(ada)
            let later = Set(proposed.dropFirst(Self.sessions / 2).map { "s\($0.prefix(32))" })
            #expect(!held.subtracting(before).isEmpty, "what was left out comes in")
            #expect(held.allSatisfy { key in later.contains(String(key.prefix { $0 != ":" })) })
            #expect(rest.items.count >= full.items.count / 2)
            try await ada.close()
        }
    }

    private var held: Set<String> { Set(adas.notifications.pending.map(\.identifier)) }

    /// Waits until the system holds what the plan says, and returns the plan.
    private func settled(_ coSigner: CoSigner) async throws -> Plan {
        await adas.run { _ = await coSigner.keeper.makeEqual() }
        let plan = try await coSigner.node.plan()
        let later = Set(plan.items.filter { $0.due == .later }.map(\.key))
        await adas.until { held == later }
        #expect(held == later)
        return plan
    }
}
