import Countersign
import Fakes
import Foundation
import Testing

extension LiveTests {
    @Test func theSystemFollowsThePlanWhileTwoSign() async throws {
        try await Folder.temporary { folder in
            let port = RecordingNotifications()
            let ada = try await open(1, in: folder, port: SilentNotifications())
            let bob = try await open(2, in: folder, port: port)
            let wallet = try await Meeting.introduce([ada.node, bob.node])
            _ = try await ada.node.preflight(wallet: wallet, budgetMs: 10_000)
            let session = try await ada.node.initiate(
                wallet: wallet, payload: Meeting.payload(), lastsMs: Pair.lastsMs)

            let request = "s\(session.prefix(32)):request"
            try await port.until { $0.shown[request] != nil && $0.pending.count == 4 }
            #expect(port.operations.filter { $0.item?.key == request }.count == 1, "it makes one sound")
            try await bob.node.approve(session: session)
            _ = try await bob.node.signature(of: session)
            try await port.until { $0 == Held() }
            let plan = try await bob.node.plan()
            #expect(plan.items.isEmpty)
            try await bob.node.ackPlan(revision: plan.revision, failed: [])

            var told: [Happening] = []
            for try await event in bob.events {
                told.append(event.event.what)
                if case .ended = event.event.what { break }
            }
            #expect(told.contains { if case .requested = $0 { true } else { false } })
            try await until { await bob.store.screen?.sessions.first?.isGreyed == true }
            try await ada.close()
            try await bob.close()
        }
    }

    @Test func nothingIsSignedInTheBackgroundAndAllOfItAfterwards() async throws {
        try await Folder.temporary { folder in
            let ada = try await Pair.open(1, in: folder, vault: CountedVault(1))
            let bob = try await open(2, in: folder, port: RecordingNotifications())
            let wallet = try await Meeting.introduce([ada, bob.node])
            _ = try await ada.preflight(wallet: wallet, budgetMs: 10_000)
            let system = CountedBackground()
            let background = BackgroundCoordinator(
                lifecycle: bob.lifecycle, keeper: bob.keeper, assertions: system, refreshes: system)

            await background.toBackground().value
            #expect(await bob.lifecycle.settled().isResting)
            let session = try await ada.propose(wallet: wallet, payload: Meeting.payload(), lastsMs: Pair.lastsMs)
            await background.refresh(system, request: LifecycleCoordinatorTests.slice)
            #expect(try await bob.node.until(\.pendingRequest) == session)
            try await bob.node.approve(session: session)
            #expect(try await bob.node.status().outcome(of: session) == nil)
            bob.lifecycle.wish(.foreground)
            #expect(await !bob.lifecycle.settled().isResting)

            #expect(try await ada.signature(of: session).count == 64)
            #expect(system.deeds.first == .begin && system.deeds.contains(.end(1)))
            #expect(system.deeds.filter { $0 == .complete(true) }.count == 1)
            try await ada.close()
            try await bob.close()
        }
    }

    @Test func aSliceThatNobodyAnswersEndsWhenItIsCancelled() async throws {
        try await Folder.temporary { folder in
            let ada = try await Pair.open(1, in: folder, vault: CountedVault(1))
            let bob = try await open(2, in: folder, port: SilentNotifications())
            let wallet = try await Meeting.introduce([ada, bob.node])
            _ = try await bob.node.preflight(wallet: wallet, budgetMs: 10_000)
            _ = try await bob.node.propose(wallet: wallet, payload: Meeting.payload(), lastsMs: Pair.lastsMs)
            bob.lifecycle.wish(.background)
            _ = await bob.lifecycle.settled()
            try await ada.close()

            let began = ContinuousClock.now
            async let report = bob.lifecycle.runSlice(LifecycleCoordinatorTests.slice)
            bob.lifecycle.wish(.foreground)
            let stand = await bob.lifecycle.settled()
            _ = await report

            #expect(!stand.isResting && ContinuousClock.now - began < .seconds(2))
            try await bob.close()
        }
    }

    @Test func nothingIsLeftOfManyLives() async throws {
        let lives = ProcessInfo.processInfo.environment["LIVES"].flatMap(Int.init) ?? 10_000
        try await Folder.temporary { folder in
            func live() async throws {
                let coSigner = try await open(1, in: folder, port: SilentNotifications())
                try await coSigner.close()
            }
            try await live()
            try await until { OwnProcess.threads.isEmpty }
            let before = OwnProcess.descriptors
            for _ in 0..<lives { try await live() }
            try await until { OwnProcess.threads.isEmpty && OwnProcess.descriptors == before }
        }
    }

    private func open(_ who: UInt8, in folder: String, port: any NotificationPort) async throws -> CoSigner {
        let config = Config(journal: "\(folder)/\(who).db", listen: ["/ip4/127.0.0.1/tcp/0"])
        let shell = Shell(vault: CountedVault(who), notifications: port, resources: PlainResources())
        return try await CoSigner.open(config, shell: shell) { Issue.record("\($0)") }
    }
}

extension RecordingNotifications {
    /// Waits until the system has what is wanted.
    func until(_ holds: (Held) -> Bool) async throws {
        for _ in 0..<1_000 {
            if holds(has) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw NeverCame(instead: has)
    }
}

/// Waits until something holds, ten seconds at most.
func until(_ holds: () async -> Bool) async throws {
    for _ in 0..<1_000 {
        if await holds() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw NeverCame(instead: "threads \(OwnProcess.threads), descriptors \(OwnProcess.descriptors)")
}
