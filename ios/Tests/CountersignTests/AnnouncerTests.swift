import Countersign
import Fakes
import Testing

@MainActor @Suite struct AnnouncerTests {
    private let announcer = Announcer()
    private let now = ContinuousClock.now

    @Test func tenFiveTwoAndOneMinutesAreSaidEachOnceOnHoweverManyScreens() async {
        let first = await said(of: "a")
        let second = await said(of: "a")
        #expect(first == [10, 5, 2, 1] && second.isEmpty)
        #expect(await said(of: "b") == [10, 5, 2, 1], "another session has its own")
    }

    @Test func anEndThatIsReadAtAnotherMomentIsTheSameAndMoreTimeIsSaidAnew() {
        let end = now + .seconds(120)
        let tick = Tick(minutes: 2, seconds: 0, announce: 2)
        #expect(words(tick, endsAt: end) == Phrase("message_expiring_minutes", count: 2))
        #expect(words(tick, endsAt: end + .milliseconds(1_999)) == nil)
        #expect(words(tick, endsAt: end - .milliseconds(1_999)) == nil)
        #expect(words(Tick(minutes: 5, seconds: 0, announce: 5), endsAt: end) == nil, "less was said already")
        #expect(words(tick, endsAt: end + .seconds(60)) != nil)
    }

    @Test func aTickThatIsNoSuchMomentSaysNothing() {
        #expect(words(Tick(minutes: 2, seconds: 1), endsAt: now + .seconds(121)) == nil)
    }

    private func words(_ tick: Tick, endsAt end: ContinuousClock.Instant) -> Phrase? {
        announcer.words(for: tick, of: "a", endsAt: end, now: now)
    }

    /// Counts an hour down, and returns the minutes that were said.
    private func said(of session: SessionId) async -> [UInt64?] {
        let clock = EagerClock()
        var said: [UInt64?] = []
        for await tick in CountdownTicker(to: clock.now.advanced(by: .seconds(3_600)), clock: clock) {
            if let words = announcer.words(for: tick, of: session, endsAt: now + .seconds(3_600), now: now) {
                said.append(words.quantity)
            }
        }
        return said
    }
}
