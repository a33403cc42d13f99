import AlarmKit
import Countersign
import CountersignShell
import Fakes
import Foundation
import Testing
import UserNotifications

/// Over the real library: the alarms of what waits for its user.
@MainActor @Suite(.timeLimit(.minutes(4))) struct AlarmEndToEndTests {
    private let bobs = StubPhone()

    @Test func aRequestRingsUntilItIsSignedAlsoIfTheAppIsLeftMeanwhile() async throws {
        try await Folder.temporary { folder in
            let ada = try await StubPhone().run { try await Living.open(1, in: folder) }
            let bob = try await bobs.run {
                let alarms = Alarms.ofSystem(resources: BundleResources(), isWanted: { true })
                return try await Living.open(2, in: folder, alarms: alarms)
            }
            let wallet = try await Meeting.introduce([ada.node, bob.node])
            _ = try await ada.node.preflight(wallet: wallet, budgetMs: 10_000)
            let session = try await ada.node.initiate(wallet: wallet, payload: Meeting.payload(), lastsMs: 600_000)
            let last = "s\(session.prefix(32)):warning60000"
            await bobs.until { held.count == 4 && quiet == [last] }
            let alarm = try #require(bobs.alarms.alarms.first)
            #expect(bobs.alarms.alarms.count == 1 && alarm.id == AlarmId(last)?.uuid)
            #expect(quiet == [last], "nobody hears of one thing twice")
            guard case .fixed(let date)? = alarm.schedule else {
                Issue.record("it has no moment")
                return
            }
            #expect((530...545).contains(date.timeIntervalSinceNow), "a minute before the end")

            bob.lifecycle.wish(.background)
            _ = await bob.lifecycle.settled()
            await bobs.run { _ = await bob.keeper.makeEqual() }
            #expect(bobs.alarms.alarms.map(\.id) == [alarm.id] && bobs.alarms.deeds.count == 1)

            bob.lifecycle.wish(.foreground)
            _ = await bob.lifecycle.settled()
            try await bob.node.approve(session: session)
            _ = try await bob.node.ended(session)
            await bobs.until { bobs.alarms.alarms.isEmpty && held.isEmpty }
            #expect(bobs.alarms.deeds == [.schedule(alarm.id), .cancel(alarm.id)] && held.isEmpty)
            for coSigner in [ada, bob] { try await coSigner.close() }
        }
    }

    @Test func whoHasSaidYesAndLeavesBeforeTheEndIsCalledBackAndOnlyWhileAway() async throws {
        try await Folder.temporary { folder in
            let ada = try await StubPhone().run { try await Living.open(1, in: folder) }
            let bob = try await bobs.run {
                let alarms = Alarms.ofSystem(resources: BundleResources(), isWanted: { true })
                return try await Living.open(2, in: folder, alarms: alarms)
            }
            let eve = try await StubPhone().run { try await Living.open(3, in: folder) }
            let wallet = try await Meeting.introduce([ada.node, bob.node, eve.node])
            for node in [ada.node, bob.node] { _ = try await node.preflight(wallet: wallet, budgetMs: 10_000) }
            let session = try await ada.node.initiate(wallet: wallet, payload: Meeting.payload(), lastsMs: 600_000)
            _ = try await bob.node.asked()
            try await bob.node.approve(session: session)
            // She says nothing, so the first round waits for her.
            try await bob.node.reached(.nonces, in: session)
            await bobs.until { bobs.alarms.alarms.isEmpty && held.count == 4 }
            #expect(bobs.alarms.alarms.isEmpty, "he waits for others")

            bob.lifecycle.wish(.background)
            _ = await bob.lifecycle.settled()
            await bobs.run { _ = await bob.keeper.makeEqual() }
            #expect(bobs.alarms.alarms.count == 1, "nothing is signed while he is away")

            bob.lifecycle.wish(.foreground)
            _ = await bob.lifecycle.settled()
            await bobs.run { _ = await bob.keeper.makeEqual() }
            #expect(bobs.alarms.alarms.isEmpty)
            for coSigner in [ada, bob, eve] { try await coSigner.close() }
        }
    }

    private var held: [UNNotificationRequest] { bobs.notifications.pending }
    private var quiet: [String] { held.filter { $0.content.sound == nil }.map(\.identifier) }
}
