import Countersign
import CountersignShell
import Fakes
import Foundation
import Testing
import UserNotifications

/// The system keeps the soonest 64 that are pending, and drops the others without a word.
@MainActor @Suite struct PendingCapTests {
    private static let sessions = 40

    private let phone = StubPhone()
    private let plans = ScriptedPlans()
    private let port = SystemNotifications(resources: PlainResources())
    private let keeper: PlanKeeper<EagerClock>

    init() {
        keeper = PlanKeeper(source: plans, port: port, clock: EagerClock())
    }

    @Test func ofFortySessionsTheSoonestAreHeldAndTheOthersComeInAsTheEarlierGo() async {
        await phone.run {
            var coming = Self.everything
            while !coming.isEmpty {
                plan(coming)
                await keeper.makeEqual()
                #expect(held == Set(coming.prefix(60).map(\.key)), "\(coming.count) are still to come")
                // The time of the first twenty comes.
                for item in coming.prefix(20) { phone.notifications.deliver(item.key) }
                coming.removeFirst(20)
            }
            let additions = phone.notifications.deeds.filter { if case .add = $0 { true } else { false } }
            #expect(additions.count == Self.everything.count, "each was given to the system once")
        }
    }

    @Test func whatTheAppHoldsOfItsOwnHasRoomBesideThePlan() async throws {
        try await phone.run {
            for number in 0..<4 { try await hold("own \(number)", inSeconds: 1_000_000) }
            plan(Self.everything)
            await keeper.makeEqual()
            #expect(phone.notifications.pending.count == 64)
            #expect(held.filter { $0.hasPrefix("own") }.count == 4)
        }
    }

    @Test func theSystemThatStandsForApplesDropsTheLatest() async throws {
        try await phone.run {
            for number in (0..<70).reversed() { try await hold("\(number)", inSeconds: Double(number + 1)) }
            #expect(held == Set((0..<64).map(String.init)))
        }
    }

    private var held: Set<String> { Set(phone.notifications.pending.map(\.identifier)) }

    /// Three warnings and the end of each session, the soonest first: they end a minute after one another.
    private static var everything: [PlannedNotification] {
        let kinds = [("warning300000", 300), ("warning120000", 120), ("warning60000", 60), ("expired", 0)]
        let items = (0..<sessions).flatMap { session in
            kinds.map { kind, before in
                let seconds = 600 + 60 * session - before
                return PlannedNotification.make(
                    "s\(session):\(kind)", due: .later, fireInMs: UInt64(seconds) * 1_000)
            }
        }
        return items.sorted { ($0.fireInMs, $0.key) < ($1.fireInMs, $1.key) }
    }

    /// Plans as the core does: as many as the capabilities allow.
    private func plan(_ items: [PlannedNotification]) {
        plans.plan(Array(items.prefix(Int(port.capabilities.maxPending))))
    }

    private func hold(_ identifier: String, inSeconds seconds: Double) async throws {
        let trigger = UNTimeIntervalNotificationTrigger(timeInterval: seconds, repeats: false)
        try await UNUserNotificationCenter.current().add(
            UNNotificationRequest(identifier: identifier, content: UNNotificationContent(), trigger: trigger))
    }
}
