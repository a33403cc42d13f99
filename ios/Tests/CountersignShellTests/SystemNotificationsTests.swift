import Countersign
import Fakes
import Foundation
import Recording
import Testing
import UserNotifications

@testable import CountersignShell

@MainActor @Suite struct SystemNotificationsTests {
    private let phone = StubPhone()
    private let plans = ScriptedPlans()
    private let look = Recorded((privacy: NotificationPrivacy.redacted, leadMs: Int64(1_000)))
    private let port: SystemNotifications
    private let keeper: PlanKeeper<EagerClock>

    init() {
        let look = look
        port = SystemNotifications(
            resources: PlainResources(), privacy: { look.withLock { $0.privacy } },
            clockLeadMs: { look.withLock { $0.leadMs } })
        keeper = PlanKeeper(source: plans, port: port, clock: EagerClock())
    }

    @Test func whatComesLaterIsHeldAndWhatIsDueIsShownAtOnce() async throws {
        try await phone.run {
            plans.plan([
                .make("a:request", due: .now, notice: .request, importance: .timeSensitive, sticky: true),
                .make("a:warning60000", due: .later, notice: .warning(thresholdMs: 60_000), fireInMs: 240_000),
            ])
            await keeper.makeEqual()

            let shown = try #require(phone.notifications.delivered.first).request
            #expect(shown.trigger == nil && shown.identifier == "a:request")
            #expect(shown.content.interruptionLevel == .timeSensitive && shown.content.sound != nil)
            #expect(shown.content.threadIdentifier == "a" && shown.content.categoryIdentifier == "request")
            let held = try #require(phone.notifications.pending.first)
            let trigger = try #require(held.trigger as? UNTimeIntervalNotificationTrigger)
            #expect(trigger.timeInterval == 240 && !trigger.repeats)
            #expect(held.content.categoryIdentifier == "warning")
        }
    }

    @Test func whatComesInMoreThanADayHasAMomentOfTheCalendarInAZoneOfItsOwn() async throws {
        try await phone.run {
            var item = PlannedNotification.make("a:expired", due: .later, notice: .expired, fireInMs: 100_000_000)
            item.fireAt = 1_767_225_599_000
            try await port.apply(.hold(item))

            let trigger = try #require(phone.notifications.pending.first?.trigger as? UNCalendarNotificationTrigger)
            let components = trigger.dateComponents
            #expect(components.timeZone?.secondsFromGMT() == 0)
            #expect(components.year == 2025 && components.month == 12 && components.day == 31)
            #expect(components.hour == 23 && components.minute == 59 && components.second == 59)
        }
    }

    @Test func aSecondRunDoesNothing() async {
        await phone.run {
            plans.plan([.make("a:request", due: .now), .make("b:expired", due: .later, fireInMs: 9)])
            await keeper.makeEqual()
            plans.plan([.make("a:request", due: .shown), .make("b:expired", due: .later, fireInMs: 5)])
            await keeper.makeEqual()

            #expect(phone.notifications.deeds == [.add("a:request"), .add("b:expired")])
        }
    }

    @Test func anUpdateOfWhatIsShownMakesNoSound() async throws {
        try await phone.run {
            plans.plan([.make("a:ongoing", due: .now, hash: 1, importance: .timeSensitive)])
            await keeper.makeEqual()
            plans.plan([.make("a:ongoing", due: .shown, hash: 2, importance: .timeSensitive)])
            await keeper.makeEqual()

            let content = try #require(phone.notifications.delivered.first).request.content
            #expect(phone.notifications.delivered.count == 1)
            #expect(content.sound == nil && content.interruptionLevel == .passive)
        }
    }

    @Test func whatTheUserHasPutAwayStaysAway() async {
        await phone.run {
            plans.plan([.make("a:request", due: .shown)])
            await keeper.makeEqual()
            #expect(phone.notifications.deeds.isEmpty)
        }
    }

    @Test func whatThePlanHasNoMoreGoesAwayAndWhatIsNotOursStays() async throws {
        try await phone.run {
            let theirs = UNNotificationRequest(identifier: "theirs", content: UNNotificationContent(), trigger: nil)
            try await UNUserNotificationCenter.current().add(theirs)
            plans.plan([.make("a:request", due: .now), .make("a:expired", due: .later)])
            await keeper.makeEqual()
            plans.plan([])
            await keeper.makeEqual()

            #expect(phone.notifications.delivered.map(\.request.identifier) == ["theirs"])
            #expect(phone.notifications.pending.isEmpty)
        }
    }

    @Test func nothingIsGivenAwayUnlessTheUserSaysSo() async throws {
        try await phone.run {
            let message = Message(key: .requestFrom, args: [.name("Ada")])
            plans.plan([.make("a:request", due: .now, message: message)])
            await keeper.makeEqual()
            #expect(phone.notifications.delivered.first?.request.content.body == "message_request_redacted")

            look.withLock { $0.privacy = .full }
            plans.plan([.make("a:request", due: .shown, message: message)])
            await keeper.makeEqual()
            let content = try #require(phone.notifications.delivered.first).request.content
            #expect(content.body.contains("Ada") && content.sound == nil)
        }
    }

    @Test func aClockThatWasSetLetsWhatIsHeldBeGivenAnewAndOneThatIsKeptRightDoesNot() async {
        await phone.run {
            plans.plan([.make("a:request", due: .now), .make("a:expired", due: .later, fireInMs: 60_000)])
            await keeper.makeEqual()
            plans.plan([.make("a:request", due: .shown), .make("a:expired", due: .later, fireInMs: 50_000)])
            look.withLock { $0.leadMs += 900 }
            await keeper.makeEqual()
            #expect(phone.notifications.deeds.count == 2)

            look.withLock { $0.leadMs -= 3_600_000 }
            await keeper.makeEqual()
            #expect(phone.notifications.deeds.dropFirst(2) == [.add("a:expired")])
            let trigger = phone.notifications.pending.first?.trigger as? UNTimeIntervalNotificationTrigger
            #expect(trigger?.timeInterval == 50)
        }
    }

    @Test func whatIsTakenBackWhileTheSystemIsLateIsNotTakenForThere() async {
        await phone.run {
            plans.plan([.make("a:expired", due: .later)])
            await keeper.makeEqual()
            phone.notifications.state.withLock { $0.removesLate = true }
            plans.plan([])
            await keeper.makeEqual()
            #expect(phone.notifications.pending.count == 1, "it is late")

            plans.plan([.make("a:expired", due: .later)])
            async let equal = keeper.makeEqual()
            try? await Task.sleep(for: .milliseconds(30))
            phone.notifications.removeNow()
            _ = await equal
            #expect(
                phone.notifications.pending.map(\.identifier) == ["a:expired"], "a late removal would have taken it")
        }
    }

    @Test func aSystemThatNeverLetsGoFailsTheAdditionForTheNextRun() async {
        await phone.run {
            phone.notifications.state.withLock { $0.removesLate = true }
            plans.plan([.make("a:expired", due: .later)])
            await keeper.makeEqual()
            plans.plan([])
            await keeper.makeEqual()
            plans.plan([.make("a:expired", due: .later)], revision: 3)
            await keeper.makeEqual()

            var acknowledged: [ScriptedPlans.Acknowledgement] = []
            for await one in plans.acknowledged.prefix(3) { acknowledged.append(one) }
            #expect(acknowledged.last == .init(revision: 3, failed: ["a:expired"]))
        }
    }

    @Test func anAdditionIsAwaitedBeforeThePlanThatTakesItBack() async {
        await phone.run {
            phone.notifications.state.withLock { $0.beforeAdd = { _ in try await Task.sleep(for: .milliseconds(30)) } }
            plans.plan([.make("a:expired", due: .later)])
            async let added = keeper.makeEqual()
            try? await Task.sleep(for: .milliseconds(5))
            plans.plan([])
            await keeper.makeEqual()
            _ = await added

            #expect(phone.notifications.deeds == [.add("a:expired"), .removePending(["a:expired"])])
            #expect(phone.notifications.pending.isEmpty)
        }
    }

    @Test func whatTheSystemRefusesIsSaidToTheCore() async {
        await phone.run {
            phone.notifications.state.withLock { $0.beforeAdd = { _ in throw NeverCame(instead: "denied") } }
            plans.plan([.make("a:request", due: .now)], revision: 4)
            await keeper.makeEqual()
            var acknowledged = plans.acknowledged.makeAsyncIterator()
            #expect(await acknowledged.next() == .init(revision: 4, failed: ["a:request"]))
        }
    }

    @Test func ofTwentySessionsSixtyAreHeldAtMostAndNoneIsTakenBackAndGivenAgain() async {
        await phone.run {
            let kinds = ["warning300000", "warning60000", "expired"]
            let keys = (0..<20).flatMap { session in kinds.map { "s\(session):\($0)" } }
            plans.plan(keys.map { .make($0, due: .later, fireInMs: 60_000) })
            await keeper.makeEqual()
            // A third of them is over, and the rest has got nearer.
            plans.plan(keys.dropFirst(20).map { .make($0, due: .later, fireInMs: 50_000) })
            await keeper.makeEqual()

            let added = phone.notifications.deeds.prefix(60)
            #expect(added == keys.map { .add($0) }[...] && phone.notifications.pending.count == 40)
            #expect(Set(phone.notifications.deeds.dropFirst(60).map { "\($0)" }).count == 20)
            #expect(!phone.notifications.deeds.dropFirst(60).contains { if case .add = $0 { true } else { false } })
        }
    }

    @Test func sixtyAreHeldAtMostSinceThePlanKnowsTheCap() {
        #expect(port.capabilities == Capabilities(maxPending: 60, canPreschedule: true, liveUpdate: false))
    }
}
