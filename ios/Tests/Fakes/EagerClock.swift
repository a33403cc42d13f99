import Countersign

/// A clock on which whoever sleeps wakes at once, later.
public final class EagerClock: Clock {
    private let passed = Locked(Duration.zero)

    /// Begins at zero.
    public init() {}

    public var now: HandClock.Instant { HandClock.Instant(since: passed.withLock { $0 }) }

    public var minimumResolution: Duration { .nanoseconds(1) }

    public func sleep(until deadline: HandClock.Instant, tolerance: Duration? = nil) async throws {
        passed.withLock { $0 = max($0, deadline.since) }
        await Task.yield()
        try Task.checkCancellation()
    }
}
