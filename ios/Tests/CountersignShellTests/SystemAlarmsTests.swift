import AlarmKit
import Countersign
import Fakes
import Foundation
import Recording
import Testing
import UserNotifications

@testable import CountersignShell

@MainActor @Suite struct SystemAlarmsTests {
    private static let session = String(repeating: "a", count: 64)
    private static let key = "s\(session.prefix(32)):warning60000"

    private let phone = StubPhone()
    private let plans = ScriptedPlans()
    private let statuses = ScriptedStatus()
    private let isWanted = Recorded(true)
    private let faults = Recorded<[String]>([])
    private let alarms: any AlarmPort
    private let keeper: PlanKeeper<EagerClock>

    init() throws {
        let (isWanted, faults) = (isWanted, faults)
        let system = Alarms.ofSystem(resources: PlainResources(), isWanted: { isWanted.withLock { $0 } })
        alarms = try #require(system)
        keeper = PlanKeeper(
            source: plans, port: SystemNotifications(resources: PlainResources()),
            alarms: AlarmKeeper(source: statuses, port: alarms) { fault in faults.withLock { $0.append("\(fault)") } },
            clock: EagerClock())
        statuses.say(Self.session, .answer)
    }

    @Test func anAlarmIsSetOnceAndTheNotificationOfItsMomentMakesNoSound() async throws {
        try await phone.run {
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            plan(firesInMs: 590_000)
            await keeper.makeEqual()

            let id = try #require(AlarmId(Self.key)).uuid
            #expect(phone.alarms.deeds == [.schedule(id)])
            #expect(phone.alarms.alarms.first?.schedule == .fixed(Date(timeIntervalSince1970: 1_000)))
            #expect(phone.alarms.state.withLock { $0.texts } == ["message_expiring_redacted", "action_dismiss"])
            #expect(phone.notifications.deeds == [.add(Self.key)])
            let content = try held()
            #expect(content.sound == nil && content.interruptionLevel == .passive)
        }
    }

    @Test func moreTimeSetsItAnew() async throws {
        try await phone.run {
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            plan(firesInMs: 900_000, at: 1_300_000, hash: 2)
            await keeper.makeEqual()

            let id = try #require(AlarmId(Self.key)).uuid
            #expect(phone.alarms.deeds == [.schedule(id), .cancel(id), .schedule(id)])
            #expect(phone.alarms.alarms.first?.schedule == .fixed(Date(timeIntervalSince1970: 1_300)))
        }
    }

    @Test func aClockThatWasSetLetsItBeSetAnew() async {
        await phone.run {
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            plan(firesInMs: 600_000, at: 1_000_000 + 3_600_000)
            await keeper.makeEqual()
            #expect(phone.alarms.alarms.map(\.schedule) == [.fixed(Date(timeIntervalSince1970: 4_600))])
        }
    }

    @Test func theEndOfTheSessionCancelsItAndTheAppsOwnStay() async throws {
        try await phone.run {
            let theirs = UUID()
            try await ring(theirs)
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            statuses.say(Self.session, nil)
            plans.plan([])
            await keeper.makeEqual()

            #expect(phone.alarms.alarms.map(\.id) == [theirs] && phone.alarms.deeds.count == 3)
        }
    }

    @Test func whoStartsAnewCancelsWhatWasLeftOfASessionThatIsOver() async throws {
        try await phone.run {
            let left = try #require(AlarmId(Self.key)).uuid
            try await ring(left)
            statuses.say(Self.session, nil)
            await keeper.makeEqual()
            #expect(phone.alarms.deeds == [.schedule(left), .cancel(left)] && phone.alarms.alarms.isEmpty)
        }
    }

    @Test func whatIsDoneBeforeTheLastWarningRingsNotAndTheNotificationIsHeardAgain() async throws {
        try await phone.run {
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            statuses.say(Self.session, .wait)
            await keeper.makeEqual()

            #expect(phone.alarms.alarms.isEmpty)
            let content = try held()
            #expect(content.sound != nil && content.interruptionLevel == .timeSensitive)
        }
    }

    @Test(arguments: [AlarmManager.AuthorizationState.denied, .notDetermined])
    func withoutTheUsersLeaveNothingIsSetAndTheNotificationIsHeard(
        authorization: AlarmManager.AuthorizationState
    ) async throws {
        try await phone.run {
            phone.alarms.state.withLock { $0.authorization = authorization }
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            #expect(phone.alarms.deeds.isEmpty && faults.withLock { $0.isEmpty })
            let content = try held()
            #expect(content.sound != nil)
        }
    }

    @Test func aUserWhoWantsThemAndForbidsThemIsToldSoAndNobodyElse() async {
        await phone.run {
            phone.alarms.state.withLock { $0.authorization = .denied }
            #expect(await reasons() == ["reason_alarms_denied"])
            isWanted.withLock { $0 = false }
            #expect(await reasons().isEmpty, "a switch that is off is no reason")
            isWanted.withLock { $0 = true }
            phone.alarms.state.withLock { $0.authorization = .authorized }
            #expect(await reasons().isEmpty)
        }
    }

    @Test func aSwitchThatIsTurnedOffCancelsWhatIsSet() async {
        await phone.run {
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            isWanted.withLock { $0 = false }
            await keeper.makeEqual()
            #expect(phone.alarms.alarms.isEmpty && phone.alarms.deeds.count == 2)
        }
    }

    @Test func anAlarmThatTheSystemRefusesLeavesTheSoundToTheNotification() async throws {
        try await phone.run {
            phone.alarms.state.withLock { $0.isFull = true }
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            let content = try held()
            #expect(content.sound != nil && phone.alarms.alarms.isEmpty)
            #expect(faults.withLock { $0 } == ["Refused()"])
        }
    }

    @Test func withoutAlarmsEveryNotificationIsAsPlanned() async throws {
        try await phone.run {
            let plain = PlanKeeper(
                source: plans, port: SystemNotifications(resources: PlainResources()), clock: EagerClock())
            plan(firesInMs: 600_000)
            await plain.makeEqual()
            let content = try held()
            #expect(content.sound != nil && phone.alarms.deeds.isEmpty)
        }
    }

    @Test(arguments: [
        (AlarmManager.AuthorizationState.authorized, true), (.denied, false), (.notDetermined, false),
    ])
    func theUserIsAskedAndTheAnswerHeard(answer: AlarmManager.AuthorizationState, isGranted: Bool) async throws {
        try await phone.run {
            phone.alarms.state.withLock { $0.answer = answer }
            let isAllowed = try await Alarms.ask()
            #expect(isAllowed == isGranted)
            #expect(phone.alarms.deeds == [.ask])
        }
    }

    @Test func whoStopsOneIsHeard() async throws {
        try await phone.run {
            let told = Recorded(0)
            let following = Task { await Alarms.follow { told.withLock { $0 += 1 } } }
            await phone.until { phone.alarms.isFollowed }
            plan(firesInMs: 600_000)
            await keeper.makeEqual()
            let id = try #require(AlarmId(Self.key)).uuid
            phone.alarms.stop(id)
            await phone.until { told.withLock { $0 } == 2 }
            following.cancel()
            await following.value
            #expect(told.withLock { $0 } == 2)
        }
    }

    private func plan(firesInMs: UInt64, at: WallTime = 1_000_000, hash: UInt64 = 1) {
        var warning = PlannedNotification.make(
            Self.key, due: .later, hash: hash, notice: .warning(thresholdMs: 60_000), importance: .timeSensitive,
            redacted: .expiringRedacted, fireInMs: firesInMs)
        warning.fireAt = at
        warning.link = DeepLink(wallet: "w", session: Self.session)
        plans.plan([warning])
    }

    private func held() throws -> UNNotificationContent {
        try #require(phone.notifications.pending.first { $0.identifier == Self.key }).content
    }

    private func reasons() async -> [String] {
        let facts = await SystemFacts.read(alarms: alarms)
        let connected = Connectivity(state: .fully, reasons: [], relays: [])
        return RunReasons.list(connected, facts: facts).map(\.label.resource)
    }

    /// Sets one past the keeper.
    private func ring(_ id: UUID) async throws {
        let alert = AlarmPresentation.Alert(
            title: "", stopButton: AlarmButton(text: "", textColor: .white, systemImageName: ""))
        let attributes = AlarmAttributes<SigningAlarm>(
            presentation: AlarmPresentation(alert: alert), tintColor: .white)
        _ = try await AlarmManager.shared.schedule(
            id: id, configuration: .alarm(schedule: nil, attributes: attributes))
    }
}
