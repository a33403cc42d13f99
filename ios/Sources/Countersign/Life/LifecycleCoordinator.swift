import CountersignBindings

/// Tells a node of the app's life, one call at a time: the latest wish wins, those between are skipped.
public final class LifecycleCoordinator<C: Clock>: Sendable where C.Duration == Duration {
    /// What is done next.
    private enum Job {
        case follow(Wish)
        case use(Slice)
    }

    private struct State {
        var stand = Stand.opened
        var wish: Wish?
        var isWorking = false
        /// The slice that waits for its turn.
        var nextSlice: Slice?
        /// The slice that runs.
        var slice: Slice?
        var settling: [CheckedContinuation<Stand, Never>] = []
    }

    private let node: any Lifecycle
    private let clock: C
    private let graceMs: UInt64
    private let state = Locked(State())

    /// Makes a coordinator that gives a node so many milliseconds to come to rest.
    public init(node: any Lifecycle, clock: C, graceMs: UInt64 = 4_000) {
        self.node = node
        self.clock = clock
        self.graceMs = graceMs
    }

    /// Says where the app is to be; from any thread, and returns at once.
    public func wish(_ wish: Wish) {
        var overtaken: Slice?
        work { state in
            state.wish = wish
            if wish == .foreground { overtaken = state.slice }
        }
        if let overtaken { end(overtaken) }
    }

    /// Waits until the latest wish was followed, and returns what came of it.
    public func settled() async -> Stand {
        await withCheckedContinuation { waiting in
            work { $0.settling.append(waiting) }
        }
    }

    /// Uses a moment that the system grants, if the app rests; `nil` if it does not, or if another moment is used already.
    ///
    /// - Parameters:
    ///   - request: How long the moment is, and what may be done in it.
    ///   - prepare: What is done before, such as asking the system for the next moment.
    public func runSlice(
        _ request: SliceRequest,
        prepare: @escaping @Sendable () async -> Void = {}
    ) async -> SliceReport? {
        await withCheckedContinuation { waiting in
            let slice = Slice(request, prepare: prepare, waiting: waiting)
            let isRefused = state.withLock { state in
                if state.slice != nil || state.nextSlice != nil { return true }
                state.nextSlice = slice
                return false
            }
            if isRefused { return slice.end(nil) }
            work { _ in }
        }
    }

    /// Ends the moment that is used, or waits to be; returns at once.
    public func cancel() {
        let (slice, next) = state.withLock { ($0.slice, $0.nextSlice) }
        next?.cancel()
        if let slice { end(slice) }
    }

    private func end(_ slice: Slice) {
        slice.cancel()
        node.cancelSlice()
    }

    /// Changes the state, and has somebody work on it.
    private func work(_ change: (inout State) -> Void) {
        let isIdle = state.withLock { state in
            change(&state)
            defer { state.isWorking = true }
            return !state.isWorking
        }
        guard isIdle else { return }
        Task {
            while let job = nextJob() {
                switch job {
                case .follow(let wish): await follow(wish)
                case .use(let slice): await use(slice)
                }
            }
        }
    }

    private func nextJob() -> Job? {
        var refused: Slice?
        var settled: [CheckedContinuation<Stand, Never>] = []
        let (job, stand) = state.withLock { state -> (Job?, Stand) in
            if let wish = state.wish.take(), !state.stand.meets(wish) { return (.follow(wish), state.stand) }
            refused = state.nextSlice.take()
            if let next = refused, state.stand.isResting, !next.isCancelled {
                refused = nil
                state.slice = next
                return (.use(next), state.stand)
            }
            state.isWorking = false
            swap(&settled, &state.settling)
            return (nil, state.stand)
        }
        refused?.end(nil)
        for waiting in settled { waiting.resume(returning: stand) }
        return job
    }

    private func follow(_ wish: Wish) async {
        let stand: Stand
        do {
            switch wish {
            case .foreground: stand = .running(try await node.onForeground())
            case .background: stand = .resting(try await node.onBackground(graceMs: graceMs))
            }
        } catch {
            stand = .failed(wish, NodeError(of: error))
        }
        state.withLock { $0.stand = stand }
    }

    private func use(_ slice: Slice) async {
        await slice.prepare()
        let report = slice.isCancelled ? nil : await run(slice)
        state.withLock { $0.slice = nil }
        slice.end(report)
    }

    private func run(_ slice: Slice) async -> SliceReport? {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.insist(on: slice) }
            defer { group.cancelAll() }
            return try? await node.runBackgroundSlice(request: slice.request)
        }
    }

    /// Cancels a slice until it has ended: the first time it may not have begun.
    private func insist(on slice: Slice) async {
        for await _ in slice.cancellation {}
        while !Task.isCancelled {
            node.cancelSlice()
            try? await clock.sleep(until: clock.now.advanced(by: .milliseconds(50)), tolerance: nil)
        }
    }
}
