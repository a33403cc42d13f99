/// Counts down to a moment, whenever what is shown changes: each second of the last ten minutes, before that each minute.
///
/// Iterate it while the countdown is seen, and cancel that when it is not: nothing ticks then. It ends when nothing is left.
public struct CountdownTicker<C: Clock>: AsyncSequence, Sendable where C.Duration == Duration {
    /// Waits for the next change.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let clock: C
        fileprivate let end: C.Instant
        private var before: CountdownFace?

        fileprivate init(clock: C, end: C.Instant) {
            self.clock = clock
            self.end = end
        }

        /// Returns the first tick at once, each other one when it is due; `nil` once nothing is left, or the task is cancelled.
        public mutating func next() async -> Tick? {
            if let before {
                if before.isOver { return nil }
                let change = end.advanced(by: .zero - before.changesAt)
                guard (try? await clock.sleep(until: change, tolerance: nil)) != nil else { return nil }
            }
            let face = CountdownFace(left: clock.now.duration(to: end))
            defer { before = face }
            return face.tick(after: before)
        }
    }

    private let clock: C
    private let end: C.Instant

    /// Counts down to a moment of the clock, which must run on while the phone sleeps.
    public init(to end: C.Instant, clock: C) {
        self.end = end
        self.clock = clock
    }

    /// Begins to count.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(clock: clock, end: end)
    }
}
