import Countersign
import Fakes
import Testing

@Suite struct CountdownTests {
    private let clock = HandClock()

    @Test func minutesAreShownUntilTenAreLeftAndThenSeconds() async {
        let ticks = await allTicks(of: .milliseconds(11 * 60_000 + 30_500))

        #expect(
            ticks.prefix(4).map(\.tick) == [
                Tick(minutes: 12), Tick(minutes: 11), Tick(minutes: 10, seconds: 0, announce: 10),
                Tick(minutes: 9, seconds: 59),
            ])
        #expect(
            ticks.prefix(4).map(\.at) == [.zero, .milliseconds(30_500), .milliseconds(90_500), .milliseconds(91_500)])
        #expect(ticks.count == 3 + 600)
        #expect(ticks.last?.tick.isOver == true && ticks.last?.at == .milliseconds(690_500))
    }

    @Test func aReaderHearsOfTenFiveTwoAndOneMinutesOnly() async {
        let ticks = await allTicks(of: .seconds(3_600))

        let announced = ticks.map(\.tick).filter { $0.announce != nil }
        #expect(announced.map(\.announce) == [10, 5, 2, 1])
        #expect(announced.map(\.minutes) == [10, 5, 2, 1] && announced.allSatisfy { $0.seconds == 0 })
    }

    @Test func whatWasSleptThroughIsAnnouncedOnceAsTheMostUrgent() async {
        let ticks = CountdownTicker(to: clock.now.advanced(by: .seconds(601)), clock: clock)
        var reader = ticks.makeAsyncIterator()
        _ = await reader.next()
        clock.advance(by: .seconds(501))

        #expect(await reader.next() == Tick(minutes: 1, seconds: 40, announce: 2))
    }

    @Test func nothingTicksWhenItIsNotSeenOrOver() async {
        let over = await allTicks(of: .zero)
        #expect(over.map(\.tick) == [Tick(minutes: 0, seconds: 0)])

        let ticks = CountdownTicker(to: clock.now.advanced(by: .seconds(60)), clock: clock)
        let reading = Task {
            var count = 0
            for await _ in ticks { count += 1 }
            return count
        }
        _ = await clock.sleeper()
        reading.cancel()
        #expect(await reading.value == 1)
    }

    /// Reads all of them, on a clock on which nobody waits.
    private func allTicks(of left: Duration) async -> [(tick: Tick, at: Duration)] {
        let eager = EagerClock()
        var all: [(tick: Tick, at: Duration)] = []
        for await tick in CountdownTicker(to: eager.now.advanced(by: left), clock: eager) {
            all.append((tick, eager.now.since))
        }
        return all
    }
}
