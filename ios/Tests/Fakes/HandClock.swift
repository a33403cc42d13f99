import Countersign

/// A clock that stands still until it is set on.
public final class HandClock: Clock {
    /// A time on it.
    public struct Instant: InstantProtocol {
        /// Since it began.
        public var since: Duration

        public func advanced(by duration: Duration) -> Instant { Instant(since: since + duration) }

        public func duration(to other: Instant) -> Duration { other.since - since }

        public static func < (left: Instant, right: Instant) -> Bool { left.since < right.since }
    }

    private struct Sleeper {
        let until: Instant
        let awake: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(since: .zero)
        var lastTicket = 0
        var sleepers: [Int: Sleeper] = [:]
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    /// Begins at zero.
    public init() {}

    public var now: Instant { state.withLock { $0.now } }

    public var minimumResolution: Duration { .nanoseconds(1) }

    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { awake in
                let (watchers, isOver) = state.withLock { state -> ([CheckedContinuation<Void, Never>], Bool) in
                    if deadline <= state.now || Task.isCancelled { return ([], true) }
                    state.sleepers[ticket] = Sleeper(until: deadline, awake: awake)
                    defer { state.watchers = [] }
                    return (state.watchers, false)
                }
                if isOver { awake.resume() }
                for watcher in watchers { watcher.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: ticket) }
            sleeper?.awake.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }

    /// Sets it on, and wakes whose time has come, the earliest first.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.until <= state.now }.sorted { $0.value.until < $1.value.until }
            for (ticket, _) in due { state.sleepers[ticket] = nil }
            return due.map(\.value)
        }
        for sleeper in due { sleeper.awake.resume() }
    }

    /// Waits until somebody sleeps, and returns until when the first of them does.
    public func sleeper() async -> Instant {
        while true {
            if let first = state.withLock({ $0.sleepers.values.map(\.until).min() }) { return first }
            await withCheckedContinuation { watcher in
                let isThere = state.withLock { state in
                    if state.sleepers.isEmpty { state.watchers.append(watcher) }
                    return !state.sleepers.isEmpty
                }
                if isThere { watcher.resume() }
            }
        }
    }

    /// Waits until somebody sleeps, and sets the clock on to when the first of them wakes.
    public func advanceToSleeper() async {
        let until = await sleeper()
        advance(by: now.duration(to: until))
    }
}
