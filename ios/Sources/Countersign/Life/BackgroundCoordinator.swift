import CountersignBindings

/// Takes the app to the background, and uses the moments that the system grants it there.
///
/// Not an actor: what it is called for begins at once, in the order of the calls.
public final class BackgroundCoordinator<C: Clock>: Sendable where C.Duration == Duration {
    /// The latest that the system is asked for the next moment.
    private static var longestMs: UInt64 { 15 * 60 * 1_000 }

    private let lifecycle: LifecycleCoordinator<C>
    private let keeper: PlanKeeper<C>
    private let assertions: any BackgroundAssertionPort
    private let refreshes: any RefreshPort

    /// Makes a coordinator over the two that do the work.
    public init(
        lifecycle: LifecycleCoordinator<C>,
        keeper: PlanKeeper<C>,
        assertions: any BackgroundAssertionPort,
        refreshes: any RefreshPort
    ) {
        self.lifecycle = lifecycle
        self.keeper = keeper
        self.assertions = assertions
        self.refreshes = refreshes
    }

    /// Brings the node to rest, makes the system equal to the plan, and asks for the next moment, all under one assertion.
    ///
    /// The assertion has begun, and the wish is made, when this returns; the rest is the task's.
    @discardableResult
    public func toBackground() -> Task<Void, Never> {
        let assertion = Ending<Int> { [assertions] in assertions.end($0) }
        // A system that keeps what it may call must not keep the node.
        let begun = assertions.begin { [weak lifecycle] in
            lifecycle?.cancel()
            assertion.isDue()
        }
        assertion.know(begun)
        lifecycle.wish(.background)
        return Task {
            await rest()
            assertion.isDue()
        }
    }

    /// Uses a moment: asks for the next one, lets the node ask its co-signers, and makes the system equal to the plan.
    public func refresh(_ task: any RefreshTask, request: SliceRequest) async {
        let completion = Ending<Bool> { task.complete(success: $0) }
        task.onExpiration { [weak lifecycle] in
            lifecycle?.cancel()
            completion.know(false)
            completion.isDue()
        }
        let report = await lifecycle.runSlice(request) { [refreshes] in
            refreshes.submit(earliestMs: Self.longestMs)
        }
        if let report {
            await keeper.makeEqual()
            ask(for: report.wake.refresh)
        }
        completion.know(report != nil)
        completion.isDue()
    }

    private func rest() async {
        switch await lifecycle.settled() {
        case .resting(let report):
            await keeper.makeEqual()
            ask(for: report.wake.refresh)
        case .failed(.background, _):
            await keeper.makeEqual()
        case .opened, .running, .failed(.foreground, _):
            break
        }
    }

    private func ask(for wake: PlannedWake?) {
        if let wake {
            refreshes.submit(earliestMs: min(wake.inMs, Self.longestMs))
        } else {
            refreshes.cancel()
        }
    }
}
