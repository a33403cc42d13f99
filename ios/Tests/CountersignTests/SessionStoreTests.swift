import Countersign
import Fakes
import Testing

@Suite struct SessionStoreTests {
    @MainActor
    @Test func aScreenFollowsWhatChangesAndManyChangesAreReadOnce() async {
        let clock = HandClock()
        let source = Badges()
        let signals = Coalescer(after: .milliseconds(50), clock: clock)
        let store = SessionStore(presenter: SessionPresenter(resources: PlainResources()))
        let following = Task { await store.follow(source, signals: signals) { source.add($0) } }
        var reads = source.reads.makeAsyncIterator()
        #expect(store.screen == nil)

        for badge in 1...3 {
            for _ in 0..<100 { signals.signal() }
            await clock.advanceToSleeper()
            #expect(await reads.next() == UInt64(badge))
        }
        source.refuse(with: .Internal(reason: "anything"))
        signals.signal()
        await clock.advanceToSleeper()
        while source.faults.isEmpty { await Task.yield() }
        #expect(store.screen?.badge == 3 && source.faults == [.Internal(reason: "anything")])

        source.refuse(with: .Stopped)
        signals.signal()
        await clock.advanceToSleeper()
        await following.value
    }
}

/// A core whose badge counts how often it was read.
private final class Badges: StatusSource {
    private struct State {
        var badge: UInt64 = 0
        var refusal: NodeError?
        var faults: [NodeError] = []
    }

    let reads: AsyncStream<UInt64>
    private let read: AsyncStream<UInt64>.Continuation
    private let state = Locked(State())

    init() {
        (reads, read) = AsyncStream.makeStream()
    }

    var faults: [NodeError] { state.withLock { $0.faults } }

    func add(_ fault: NodeError) {
        state.withLock { $0.faults.append(fault) }
    }

    func refuse(with refusal: NodeError) {
        state.withLock { $0.refusal = refusal }
    }

    func status() throws -> Status {
        let (badge, refusal) = state.withLock { state -> (UInt64, NodeError?) in
            state.badge += 1
            return (state.badge, state.refusal)
        }
        if let refusal { throw refusal }
        read.yield(badge)
        return .make(badge: badge)
    }
}
