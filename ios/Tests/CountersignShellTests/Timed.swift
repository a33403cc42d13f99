import Countersign
import Recording

/// Says on a phone's timeline when a node comes to rest.
struct TimedLife: Lifecycle {
    let life: any Lifecycle
    let timeline: Timeline

    func onForeground() async throws -> ForegroundReport { try await life.onForeground() }

    func onBackground(graceMs: UInt64) async throws -> SuspendReport {
        timeline.add("onBackground(\(graceMs))")
        return try await life.onBackground(graceMs: graceMs)
    }

    func runBackgroundSlice(request: SliceRequest) async throws -> SliceReport {
        try await life.runBackgroundSlice(request: request)
    }

    func cancelSlice() { life.cancelSlice() }
}

/// Says on a phone's timeline when the system is equal to the plan.
struct TimedPlans: PlanSource {
    let plans: any PlanSource
    let timeline: Timeline

    func plan() async throws -> Plan { try await plans.plan() }

    func ackPlan(revision: UInt64, failed: [NotificationKey]) async throws {
        try await plans.ackPlan(revision: revision, failed: failed)
        timeline.add("plan applied")
    }
}
