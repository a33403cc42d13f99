import CountersignBindings

/// Gathers signals from any thread: the first is served after a delay, together with all that have come meanwhile.
///
/// So a served signal never waits longer than the delay, and signals are served once in each delay at most.
public final class Coalescer<C: Clock>: Sendable where C.Duration == Duration {
    private let clock: C
    private let delay: Duration
    private let due = Locked<C.Instant?>(nil)
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Makes one that serves a signal after a delay.
    public init(after delay: Duration, clock: C) {
        self.clock = clock
        self.delay = delay
    }

    /// Says that there is something to do.
    public func signal() {
        let isFirst = due.withLock { due in
            if due != nil { return false }
            due = clock.now.advanced(by: delay)
            return true
        }
        if isFirst { wake.yield() }
    }

    /// Serves signals one after the other, until the task is cancelled or the action returns `false`.
    public func serve(_ action: @Sendable () async -> Bool) async {
        for await _ in wakes {
            guard let until = due.withLock({ $0 }) else { continue }
            guard (try? await clock.sleep(until: until, tolerance: nil)) != nil else { return }
            due.withLock { $0 = nil }
            guard await action() else { return }
        }
    }
}
