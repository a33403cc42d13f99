import BackgroundTasks
import Countersign
import CountersignShell
import Fakes
import Foundation
import Testing
import UIKit
import UserNotifications

/// Over the real library and real connections, with the adapters between them and the recording system.
@MainActor @Suite(.serialized, .timeLimit(.minutes(4))) struct EndToEndTests {
    private let bobs = StubPhone()

    @Test func twoSignAndTheSystemFollowsThePlanAtEveryStep() async throws {
        try await Folder.temporary { folder in
            let ada = try await StubPhone().run { try await Living.open(1, in: folder) }
            let bob = try await bobs.run { try await Living.open(2, in: folder) }
            let wallet = try await Meeting.introduce([ada.node, bob.node])
            _ = try await ada.node.preflight(wallet: wallet, budgetMs: 10_000)
            #expect(system.pending.isEmpty && system.delivered.isEmpty, "nothing goes on")

            let session = try await ada.node.initiate(wallet: wallet, payload: Meeting.payload(), lastsMs: 600_000)
            let slot = "s\(session.prefix(32))"
            await bobs.until { system.delivered.count == 1 && system.pending.count == 4 }
            #expect(shown == [slot + ":request"])
            #expect(
                held == [slot + ":expired", slot + ":warning120000", slot + ":warning300000", slot + ":warning60000"])
            let request = try #require(system.delivered.first).request.content
            #expect(request.body == BundleResources().text("message_request_redacted", arguments: [], quantity: nil))
            #expect(system.deeds.filter { $0 == .add(slot + ":request") }.count == 1, "it makes one sound")

            try await bob.node.approve(session: session)
            _ = try await bob.node.ended(session)
            await bobs.until { system.pending.isEmpty && system.delivered.isEmpty }
            #expect(system.pending.isEmpty && system.delivered.isEmpty, "it is over")
            let outcome = try await ada.node.ended(session)
            #expect(outcome.isCompleted)
            try await ada.close()
            try await bob.close()
        }
    }

    @Test(arguments: [Phase.requested, .nonces, .partials])
    func whoLeavesInAnyRoundRestsInTheExactOrderWithThePlanAtTheSystemAndSignsOnReturn(phase: Phase) async throws {
        try await Folder.temporary { folder in
            let ada = try await StubPhone().run { try await Living.open(1, in: folder) }
            let bob = try await bobs.run { try await Living.open(2, in: folder) }
            let eve = try await StubPhone().run { try await Living.open(3, in: folder) }
            let wallet = try await Meeting.introduce([ada.node, bob.node, eve.node])
            for node in [ada.node, bob.node] { _ = try await node.preflight(wallet: wallet, budgetMs: 10_000) }
            let session = try await ada.node.initiate(wallet: wallet, payload: Meeting.payload(), lastsMs: 600_000)
            _ = try await bob.node.asked()
            _ = try await eve.node.asked()
            if phase == .partials {
                // Her nonces are there, and she is not: the second round waits for her.
                try await eve.node.approve(session: session)
                try await bob.node.hasNonces(of: 2, in: session)
                eve.lifecycle.wish(.background)
                _ = await eve.lifecycle.settled()
            }
            if phase != .requested { try await bob.node.approve(session: session) }
            try await bob.node.reached(phase, in: session)

            let lifecycle = LifecycleCoordinator(
                node: TimedLife(life: bob.node, timeline: bobs.timeline), clock: ContinuousClock())
            await bobs.run {
                let keeper = PlanKeeper(
                    source: TimedPlans(plans: bob.node, timeline: bobs.timeline),
                    port: SystemNotifications(resources: BundleResources()), clock: ContinuousClock())
                let coordinator = BackgroundCoordinator(
                    lifecycle: lifecycle, keeper: keeper, assertions: SystemAssertions(),
                    refreshes: SystemRefreshes(identifiers: BackgroundIdentifiers(app: "app")))
                await coordinator.toBackground().value
                await bobs.settle()
            }
            #expect(
                order == [
                    "begin(\"countersign.rest\")", "onBackground(4000)", "plan applied", "submit(\"app.refresh\"",
                    "submit(\"app.processing\"", "end(1)",
                ])
            guard case .resting(let report) = await lifecycle.settled() else {
                Issue.record("it does not rest")
                return
            }
            #expect(report.quiesced && report.openSockets == 0 && report.heldLocks == 0 && report.unflushed == 0)
            let plan = try await bob.node.plan()
            #expect(Set(held + shown) == Set(plan.items.map(\.key)) && held.count == 4, "the system equals the plan")

            lifecycle.wish(.foreground)
            _ = await lifecycle.settled()
            eve.lifecycle.wish(.foreground)
            if phase == .requested { try await bob.node.approve(session: session) }
            if phase != .partials { try await eve.node.approve(session: session) }
            let outcome = try await ada.node.ended(session)
            #expect(outcome.isCompleted)
            _ = try await bob.node.ended(session)
            await bobs.until { system.pending.isEmpty && system.delivered.isEmpty }
            #expect(system.pending.isEmpty && system.delivered.isEmpty, "it is over")
            for coSigner in [ada, bob, eve] { try await coSigner.close() }
        }
    }

    @Test func aCoSignerThatIsKilledComesBackWithItsSessionAndItsPlan() async throws {
        try await Folder.temporary { folder in
            let ada = try await StubPhone().run { try await Living.open(1, in: folder) }
            let child = try Child(folder: folder, number: 2)
            let ready = try await child.answer("event", "ready")
            let theirs = try #require(ready["card"])
            let mine = try await Meeting.card(of: ada.node)
            try child.tell(["do": "wallet", "cards": [mine, theirs]])
            _ = try await child.answer("answer", "wallet")
            let keys = [try await ada.node.addCard(text: mine), try await ada.node.addCard(text: theirs)]
            let wallet = try await ada.node.createWallet(name: "Family", keys: keys)
            _ = try await ada.node.preflight(wallet: wallet, budgetMs: 10_000)
            try child.tell(["do": "preflight"])
            _ = try await child.answer("answer", "preflight")
            let session = try await ada.node.initiate(wallet: wallet, payload: Meeting.payload(), lastsMs: 600_000)
            try await Task.sleep(for: .milliseconds(500))
            child.kill()

            let bob = try await bobs.run { try await Living.open(2, in: folder) }
            let pending = try await bob.node.asked()
            #expect(pending == session)
            let slot = "s\(session.prefix(32))"
            await bobs.until { system.pending.count == 4 }
            #expect(
                held == [slot + ":expired", slot + ":warning120000", slot + ":warning300000", slot + ":warning60000"])
            #expect(shown.isEmpty, "the one that was shown before is not shown, and heard, again")
            try await bob.node.approve(session: session)
            let outcome = try await ada.node.ended(session)
            #expect(outcome.isCompleted)
            await bobs.until { system.pending.isEmpty && system.delivered.isEmpty }
            #expect(system.pending.isEmpty && system.delivered.isEmpty)
            try await ada.close()
            try await bob.close()
        }
    }

    private var system: NotificationRecord { bobs.notifications }
    private var held: [String] { system.pending.map(\.identifier).sorted() }
    private var shown: [String] { system.delivered.map(\.request.identifier) }

    /// What happened, in order, without single notifications and without how many seconds later.
    private var order: [String] {
        bobs.timeline.all.filter { !$0.hasPrefix("add") && !$0.hasPrefix("remove") }
            .map { String($0.prefix { $0 != "," }) }
    }
}
