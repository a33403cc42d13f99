import Countersign
import Fakes
import Foundation
import Testing

@Suite struct AlarmPolicyTests {
    @Test func aSessionThatWaitsForItsUserRingsAtItsLastWarning() throws {
        let warnings = Alarm.warnings(of: "a", firesInMs: 600_000)
        let alarms = AlarmPolicy.alarms(Alarm.plan(warnings), of: Alarm.waiting(for: .answer))

        let alarm = try #require(alarms.first)
        #expect(alarms.count == 1 && alarm.key == Alarm.key("a", 60_000) && alarm.at == 1_600_000 && !alarm.isTooLate)
        #expect(alarm.title == Phrase("message_expiring_redacted"), "it gives nothing away")
    }

    @Test(arguments: [
        (NextAction?.none, false), (.wait, false), (.connect, false), (.answer, true), (.unlock, true), (.open, true),
        (.setClock, true), (.agreeToExtension, true),
    ])
    func onlyWhatTheUserCanDoRings(action: NextAction?, rings: Bool) {
        let plan = Alarm.plan(Alarm.warnings(of: "a", firesInMs: 600_000))
        let alarms = AlarmPolicy.alarms(plan, of: Alarm.waiting(for: action))
        #expect(alarms.count == (rings ? 1 : 0))
    }

    @Test(arguments: [(true, false, true), (true, true, false), (false, false, false)])
    func whoHasNotSignedAndIsAwayMustComeBack(isAway: Bool, hasSigned: Bool, rings: Bool) {
        let wallet = WalletStatus.make([.make(0, .away), .make(1, .myself)])
        let progress = [Progress(nonces: true, partials: true), Progress(nonces: true, partials: hasSigned)]
        for action in [NextAction.connect, .wait] {
            let session = SessionStatus.make(Alarm.id("a"), progress: progress, nextAction: action)
            let status = Status.make(wallets: [wallet], sessions: [session], background: isAway)
            let alarms = AlarmPolicy.alarms(Alarm.plan(Alarm.warnings(of: "a", firesInMs: 600_000)), of: status)
            #expect(alarms.count == (rings ? 1 : 0))
        }
    }

    @Test func whatIsOverOrHasNoWarningRingsNot() {
        let plan = Alarm.plan(Alarm.warnings(of: "a", firesInMs: 600_000))
        let over = SessionStatus.make(Alarm.id("a"), nextAction: .answer, outcome: .cancelled)
        let other = SessionStatus.make(Alarm.id("b"), nextAction: .answer)
        #expect(AlarmPolicy.alarms(plan, of: .make(sessions: [over, other])).isEmpty)
    }

    @Test(arguments: [(Due.later, 10_000, false), (.later, 9_999, true), (.now, 0, true), (.shown, 0, true)])
    func whatIsAboutToRingIsNotSetAnew(due: Due, firesInMs: Int, isTooLate: Bool) {
        let warning = Alarm.warning(of: "a", 60_000, due: due, firesInMs: UInt64(firesInMs))
        let alarms = AlarmPolicy.alarms(Alarm.plan([warning]), of: Alarm.waiting(for: .answer))
        #expect(alarms.map(\.isTooLate) == [isTooLate])
    }
}

@Suite struct AlarmIdTests {
    @Test func aSessionHasOneNameWhateverItsWarningAndAnotherSessionAnother() throws {
        let name = try #require(AlarmId(Alarm.key("a", 60_000)))
        #expect(AlarmId(Alarm.key("a", 120_000)) == name && AlarmId(name.uuid) == name)
        #expect(AlarmId(Alarm.key("b", 60_000)) != name)
        #expect(name.uuid.uuidString == "7369676E-AAAA-8AAA-AAAA-AAAAAAAAAAAA")
    }

    @Test(arguments: ["", "a:warning60000", "sgggggggggggggggggggggggggggggggg:x", "s12:x", "no colon"])
    func whatIsNoKeyHasNoName(key: String) {
        #expect(AlarmId(key) == nil)
    }

    @Test func theAppsOwnAlarmsAreNotOurs() throws {
        let another = try #require(UUID(uuidString: "0DE0B6B3-A764-8000-8000-000000000001"))
        let random = try #require(UUID(uuidString: "7369676E-AAAA-4AAA-AAAA-AAAAAAAAAAAA"))
        #expect(AlarmId(another) == nil && AlarmId(random) == nil)
    }
}

@Suite struct AlarmReconcilerTests {
    @Test func whatIsThereStaysAndWhatHasMovedIsSetAnew() throws {
        let alarm = try Alarm.planned("a", at: 100_000)
        let same = HeldAlarm(id: alarm.id, at: 101_999)
        let moved = HeldAlarm(id: alarm.id, at: 102_000)
        let unknown = HeldAlarm(id: alarm.id, at: nil)

        #expect(AlarmReconciler.reconcile([alarm], with: []) == [.set(alarm)])
        #expect(AlarmReconciler.reconcile([alarm], with: [same]).isEmpty)
        for held in [moved, unknown] {
            #expect(AlarmReconciler.reconcile([alarm], with: [held]) == [.cancel(alarm.id), .set(alarm)])
        }
    }

    @Test func whatIsNotWantedGoesFirst() throws {
        let (over, alarm) = (try Alarm.planned("a", at: 1), try Alarm.planned("b", at: 2))
        let operations = AlarmReconciler.reconcile([alarm], with: [HeldAlarm(id: over.id, at: 1)])
        #expect(operations == [.cancel(over.id), .set(alarm)])
    }

    @Test func oneThatRingsIsLetRing() throws {
        let ringing = try Alarm.planned("a", at: 100_000, isTooLate: true)
        #expect(AlarmReconciler.reconcile([ringing], with: [HeldAlarm(id: ringing.id, at: 1)]).isEmpty)
        #expect(AlarmReconciler.reconcile([ringing], with: []).isEmpty, "one that was stopped does not come back")
    }
}

/// Makes plans with warnings, and alarms.
private enum Alarm {
    static func id(_ digit: Character) -> SessionId { String(repeating: digit, count: 64) }

    static func key(_ digit: Character, _ thresholdMs: UInt64) -> NotificationKey {
        "s\(id(digit).prefix(32)):warning\(thresholdMs)"
    }

    static func warning(
        of digit: Character, _ thresholdMs: UInt64, due: Due = .later, firesInMs: UInt64
    ) -> PlannedNotification {
        var warning = PlannedNotification.make(
            key(digit, thresholdMs), due: due, notice: .warning(thresholdMs: thresholdMs),
            redacted: .expiringRedacted, fireInMs: firesInMs)
        warning.fireAt = 1_000_000 + firesInMs
        warning.link = DeepLink(wallet: "w", session: id(digit))
        return warning
    }

    static func warnings(of digit: Character, firesInMs: UInt64) -> [PlannedNotification] {
        [
            warning(of: digit, 300_000, firesInMs: firesInMs - 240_000),
            warning(of: digit, 60_000, firesInMs: firesInMs),
            warning(of: digit, 120_000, firesInMs: firesInMs - 60_000),
        ]
    }

    static func plan(_ items: [PlannedNotification]) -> Plan { Plan(revision: 1, items: items, truncated: false) }

    static func waiting(for action: NextAction?) -> Status {
        .make(sessions: [.make(id("a"), nextAction: action)])
    }

    static func planned(_ digit: Character, at: WallTime, isTooLate: Bool = false) throws -> PlannedAlarm {
        let warning = warning(of: digit, 60_000, due: isTooLate ? .shown : .later, firesInMs: 20_000)
        let alarms = AlarmPolicy.alarms(plan([warning]), of: .make(sessions: [.make(id(digit), nextAction: .answer)]))
        var alarm = try #require(alarms.first)
        alarm.at = at
        return alarm
    }
}
