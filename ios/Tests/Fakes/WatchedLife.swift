import Countersign

/// A node that only lives, and watches how it is called.
public final class WatchedLife: Lifecycle {
    /// What it was called for.
    public enum Call: Equatable, Sendable {
        case foreground
        case background
        case slice
    }

    private struct State {
        var calls: [Call] = []
        var running = 0
        var overlapped = false
        var sliceRuns = false
        var sliceIsCancelled = false
        var cancelsInVain = 0
        var refusals: [NodeError] = []
        var isHeld = false
        var dice: Dice
    }

    /// Every call, when it begins.
    public let begun: AsyncStream<Call>
    private let begins: AsyncStream<Call>.Continuation
    private let state: Locked<State>
    private let wake: PlannedWake?

    /// Makes one that takes its time by these dice.
    public init(seed: UInt64 = 0, wake: PlannedWake? = nil) {
        state = Locked(State(dice: Dice(seed: seed)))
        (begun, begins) = AsyncStream.makeStream()
        self.wake = wake
    }

    /// Every call, in order.
    public var calls: [Call] { state.withLock { $0.calls } }

    /// Whether two calls ever ran at a time.
    public var overlapped: Bool { state.withLock { $0.overlapped } }

    /// How often a slice was cancelled that had not begun.
    public var cancelsInVain: Int { state.withLock { $0.cancelsInVain } }

    /// Answers the next changes so.
    public func refuse(with errors: [NodeError]) {
        state.withLock { $0.refusals = errors }
    }

    /// Lets calls begin, but not end, until it is called with `false`.
    public func hold(_ isHeld: Bool = true) {
        state.withLock { $0.isHeld = isHeld }
    }

    public func onForeground() async throws -> ForegroundReport {
        try await change(.foreground)
        return ForegroundReport(restarted: true, tookMs: 0)
    }

    public func onBackground(graceMs: UInt64) async throws -> SuspendReport {
        try await change(.background)
        return SuspendReport(quiesced: true, openSockets: 0, heldLocks: 0, unflushed: 0, tookMs: 0, wake: wakePlan)
    }

    public func runBackgroundSlice(request: SliceRequest) async throws -> SliceReport {
        await begin(.slice)
        state.withLock { $0.sliceRuns = true }
        // A slice that nobody cancels uses its budget, and would be seen to.
        var steps: UInt64 = 0
        while steps < request.budgetMs, !state.withLock({ $0.sliceIsCancelled }) {
            steps += 1
            await Task.yield()
        }
        let wasCancelled = state.withLock { state in
            defer {
                state.sliceRuns = false
                state.sliceIsCancelled = false
                state.running -= 1
            }
            return state.sliceIsCancelled
        }
        return SliceReport(ran: true, done: !wasCancelled, openSockets: 0, tookMs: steps, wake: wakePlan)
    }

    public func cancelSlice() {
        state.withLock { state in
            if state.sliceRuns { state.sliceIsCancelled = true } else { state.cancelsInVain += 1 }
        }
    }

    private var wakePlan: WakePlan { WakePlan(revision: 1, next: nil, refresh: wake) }

    private func change(_ call: Call) async throws {
        await begin(call)
        let refusal = state.withLock { state in
            state.running -= 1
            return state.refusals.isEmpty ? nil : state.refusals.removeFirst()
        }
        if let refusal { throw refusal }
    }

    /// Takes a moment, as a call over the bindings does.
    private func begin(_ call: Call) async {
        let steps = state.withLock { state in
            state.calls.append(call)
            state.running += 1
            state.overlapped = state.overlapped || state.running > 1
            return state.dice.below(4)
        }
        begins.yield(call)
        for _ in 0..<steps { await Task.yield() }
        while state.withLock({ $0.isHeld }) { await Task.yield() }
    }
}
