import CountersignBindings

/// Where plans come from.
public protocol PlanSource: Sendable {
    /// Returns every notification that should be at the system.
    func plan() async throws -> Plan

    /// Says that the system equals the plan of this revision, but for `failed`.
    func ackPlan(revision: UInt64, failed: [NotificationKey]) async throws
}

extension Node: PlanSource {}
