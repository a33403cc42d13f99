import Countersign
import Fakes
import Testing

@Suite struct EventsTests {
    private let source = QueuedEvents()
    private let events: Events

    init() {
        events = Events(source: source)
    }

    @Test func anEventIsAcknowledgedOnceItsReaderAsksForTheNext() async throws {
        source.happen("1")
        source.happen("2")
        var reader = events.makeAsyncIterator()

        #expect(try await reader.next()?.id == "1")
        #expect(source.handled == [])
        #expect(try await reader.next()?.id == "2")
        #expect(source.handled == ["1"])
    }

    @Test func anEventWhoseReaderGoesAwayComesAgain() async throws {
        source.happen("1")
        for try await event in events {
            #expect(event.id == "1")
            break
        }
        #expect(source.handled == [])

        var reader = events.makeAsyncIterator()
        #expect(try await reader.next()?.id == "1")
    }

    @Test func aReaderThatIsCancelledEndsAtOnceAndItsCallServesTheNext() async throws {
        for _ in 0..<100 {
            let reader = Task { [events] in
                var reader = events.makeAsyncIterator()
                return try await reader.next()
            }
            while source.waiting == 0 { await Task.yield() }
            reader.cancel()
            #expect(try await reader.value == nil)
            #expect(source.waiting == 1, "one call at a time")
        }
        async let next = events.first { _ in true }
        source.happen("1")
        #expect(try await next?.id == "1")
    }

    @Test func theEventsEndWhenTheNodeStops() async throws {
        source.happen("1")
        var seen: [EventId] = []
        for try await event in events {
            seen.append(event.id)
            source.stop()
        }
        #expect(seen == ["1"] && source.handled == ["1"])
    }

    @Test func aFaultIsThrownWithItsType() async {
        source.fail(with: .Internal(reason: "anything"))
        var reader = events.makeAsyncIterator()

        await #expect(throws: NodeError.Internal(reason: "anything")) { _ = try await reader.next() }
    }

    @Test func whoeverIsCancelledLosesAndDoublesNothing() async throws {
        let dealt = Dealt()
        for number in 0..<2_000 {
            var dice = Dice(seed: UInt64(number))
            let reader = read(into: dealt)
            if dice.once(in: 2) { source.happen("\(number)") }
            for _ in 0..<dice.below(8) { await Task.yield() }
            reader.cancel()
            try await reader.value
        }
        let reader = read(into: dealt)
        source.happen("last")
        while source.handled.last != "last" { await Task.yield() }
        source.stop()
        try await reader.value

        let order = dealt.ids
        #expect(Set(source.handled).count == source.handled.count, "none is acknowledged twice")
        #expect(source.handled.count > 500 && Set(order) == Set(source.handled))
        for (index, id) in order.enumerated() where order[..<index].contains(id) {
            #expect(order[index - 1] == id, "only the one that was not acknowledged comes again")
        }
    }

    private func read(into dealt: Dealt) -> Task<Void, any Error> {
        Task { [events] in
            for try await event in events { dealt.add(event.id) }
        }
    }
}

/// What readers have dealt with, in order.
private final class Dealt: Sendable {
    private let dealt = Locked<[EventId]>([])

    var ids: [EventId] { dealt.withLock { $0 } }

    func add(_ id: EventId) {
        dealt.withLock { $0.append(id) }
    }
}
