import CountersignBindings

/// Makes the system equal to the plan whenever something has changed: one run at a time, five a second at most.
public actor PlanKeeper<C: Clock> where C.Duration == Duration {
    /// How often a run that a newer plan has overtaken is begun anew.
    private static var retries: Int { 3 }

    private let source: any PlanSource
    private let port: any NotificationPort
    private let alarms: AlarmKeeper?
    private let signals: Coalescer<C>
    private let report: @Sendable (NodeError) -> Void
    private var latest: Task<Bool, Never>?

    /// Makes a keeper; it works in ``run()``.
    ///
    /// - Parameters:
    ///   - source: Where plans come from.
    ///   - port: The system's notifications.
    ///   - alarms: What rings through the user's quiet, if anything does.
    ///   - clock: What a moment is measured by.
    ///   - report: Hears of what went wrong; the next signal tries again.
    public init(
        source: any PlanSource,
        port: any NotificationPort,
        alarms: AlarmKeeper? = nil,
        clock: C,
        report: @escaping @Sendable (NodeError) -> Void = { _ in }
    ) {
        let signals = Coalescer(after: .milliseconds(200), clock: clock)
        self.init(source: source, port: port, alarms: alarms, signals: signals, report: report)
    }

    init(
        source: any PlanSource,
        port: any NotificationPort,
        alarms: AlarmKeeper?,
        signals: Coalescer<C>,
        report: @escaping @Sendable (NodeError) -> Void
    ) {
        self.source = source
        self.port = port
        self.alarms = alarms
        self.signals = signals
        self.report = report
    }

    /// Says that the core, a permission or the app has changed.
    public nonisolated func signal() {
        signals.signal()
    }

    /// Serves signals until the task is cancelled or the node has stopped.
    public func run() async {
        await signals.serve { await makeEqual() }
    }

    /// Makes the system equal to the plan now, after the run that is under way; returns `false` once the node has stopped.
    @discardableResult
    public func makeEqual() async -> Bool {
        let before = latest
        let run = Task {
            _ = await before?.value
            return await makeEqualOnce()
        }
        latest = run
        return await run.value
    }

    private func makeEqualOnce() async -> Bool {
        for _ in 0...Self.retries {
            do {
                try await follow(source.plan())
                return true
            } catch NodeError.StalePlan {
                continue
            } catch NodeError.Stopped {
                return false
            } catch {
                report(NodeError(of: error))
                return true
            }
        }
        return true
    }

    private func follow(_ whole: Plan) async throws {
        let plan = try await alarms?.follow(whole) ?? whole
        let operations = PlanReconciler.reconcile(
            plan,
            with: try await port.held(),
            prescheduled: port.capabilities.canPreschedule,
            placeOf: port.place(of:)
        )
        var failed: [NotificationKey] = []
        for operation in operations {
            do {
                try await port.apply(operation)
            } catch {
                // What should have gone away is found there, and tried again, in the next run.
                if let item = operation.item { failed.append(item.key) }
            }
        }
        try await source.ackPlan(revision: plan.revision, failed: failed)
    }
}
