import Countersign
import Fakes
import Testing

@Suite struct NotificationTriggerTests {
    @Test func aDayIsCountedAndMoreIsAMomentOfTheWallClock() {
        let day: UInt64 = 24 * 60 * 60 * 1_000
        var item = PlannedNotification.make("a:expired", due: .later, fireInMs: day)
        item.fireAt = 7
        #expect(PlanOperation.hold(item).trigger == .after(milliseconds: day))
        item.fireInMs += 1
        #expect(PlanOperation.hold(item).trigger == .at(7))
        item.fireInMs = 0
        #expect(PlanOperation.hold(item).trigger == .after(milliseconds: 1), "zero is refused")
    }

    @Test func whatIsShownIsShownAtOnceAndWhatGoesHasNoTime() {
        let item = PlannedNotification.make("a:request", due: .now, fireInMs: 9)
        #expect(PlanOperation.show(item).trigger == .now && PlanOperation.update(item).trigger == .now)
        #expect(PlanOperation.release("a").trigger == nil && PlanOperation.takeAway(place: "a").trigger == nil)
    }
}

@Suite struct NotificationStampTests {
    private static let look = NotificationStamp.Look(language: "de-CH", privacy: .full, clockLeadMs: -5)

    @Test func aStampReadsBackAndNothingElseDoes() {
        let stamp = NotificationStamp(contentHash: .max, look: Self.look)
        #expect(NotificationStamp(text: stamp.text) == stamp)
        for faulty in ["", "1 de full", "x de full 1", "1 de open 1", "1 de full y", "1 de full 1 1", "-1 de full 1"] {
            #expect(NotificationStamp(text: faulty) == nil, "\(faulty)")
        }
    }

    @Test func anotherLanguageOrPrivacyIsAnotherVersion() {
        let stamp = NotificationStamp(contentHash: 7, look: Self.look)
        #expect(stamp.shownVersion(under: Self.look) == 7 && stamp.heldVersion(under: Self.look) == 7)
        var other = Self.look
        other.language = "ar"
        #expect(stamp.shownVersion(under: other) != 7 && stamp.heldVersion(under: other) != 7)
        other = Self.look
        other.privacy = .redacted
        #expect(stamp.shownVersion(under: other) != 7 && stamp.heldVersion(under: other) != 7)
    }

    @Test(arguments: [(-2_001, false), (-2_000, true), (0, true), (2_000, true), (2_001, false)] as [(Int64, Bool)])
    func aClockThatWasSetIsAnotherVersionOfWhatIsHeldOnly(byMs: Int64, isSame: Bool) {
        let stamp = NotificationStamp(contentHash: 7, look: Self.look)
        var now = Self.look
        now.clockLeadMs += byMs
        #expect((stamp.heldVersion(under: now) == 7) == isSame)
        #expect(stamp.shownVersion(under: now) == 7)
    }
}

@Suite struct DeparturesTests {
    @Test func whatWasToldToGoIsNotThereThoughItIsListed() {
        var departures = Departures()
        departures.left("a")
        #expect(departures.staying(["a", "b"]) == ["b"])
        let isLeaving = departures.isLeaving("a", listed: ["a", "b"])
        #expect(isLeaving)
    }

    @Test func whatWasListedNoMoreMayComeAgain() {
        var departures = Departures()
        departures.left("a")
        #expect(departures.staying(["b"]) == ["b"])
        #expect(departures.staying(["a", "b"]) == ["a", "b"])
        let isLeaving = departures.isLeaving("a", listed: ["a"])
        #expect(!isLeaving)
    }
}
