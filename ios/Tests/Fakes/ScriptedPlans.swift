import Countersign

/// A core that only plans.
public final class ScriptedPlans: PlanSource {
    /// What was said of a plan.
    public struct Acknowledgement: Equatable, Sendable {
        public let revision: UInt64
        public let failed: [NotificationKey]

        /// Says what was said.
        public init(revision: UInt64, failed: [NotificationKey]) {
            self.revision = revision
            self.failed = failed
        }
    }

    private struct State {
        var plan = Plan(revision: 1, items: [], truncated: false)
        var asked = 0
        var running = 0
        var mostRunning = 0
        var refusals: [NodeError] = []
    }

    /// Everything that was acknowledged, in order.
    public let acknowledged: AsyncStream<Acknowledgement>
    private let acknowledges: AsyncStream<Acknowledgement>.Continuation
    private let state = Locked(State())

    /// Makes one whose plan is empty.
    public init() {
        (acknowledged, acknowledges) = AsyncStream.makeStream()
    }

    /// How often it was asked for a plan.
    public var asked: Int { state.withLock { $0.asked } }

    /// How many runs there were at a time, at most.
    public var mostRunning: Int { state.withLock { $0.mostRunning } }

    /// Plans this from now on.
    public func plan(_ items: [PlannedNotification], revision: UInt64 = 1) {
        state.withLock { $0.plan = Plan(revision: revision, items: items, truncated: false) }
    }

    /// Answers the next acknowledgements so.
    public func refuse(with errors: [NodeError]) {
        state.withLock { $0.refusals = errors }
    }

    public func plan() async throws -> Plan {
        let plan = state.withLock { state in
            state.asked += 1
            state.running += 1
            state.mostRunning = max(state.mostRunning, state.running)
            return state.plan
        }
        await Task.yield()
        return plan
    }

    public func ackPlan(revision: UInt64, failed: [NotificationKey]) async throws {
        await Task.yield()
        let refusal = state.withLock { state in
            state.running -= 1
            return state.refusals.isEmpty ? nil : state.refusals.removeFirst()
        }
        acknowledges.yield(Acknowledgement(revision: revision, failed: failed))
        if let refusal { throw refusal }
    }
}
