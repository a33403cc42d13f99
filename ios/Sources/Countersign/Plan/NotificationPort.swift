import CountersignBindings

/// The system's notifications.
public protocol NotificationPort: Sendable {
    /// What the system can do.
    var capabilities: Capabilities { get }

    /// Returns a notification's place on the screen.
    func place(of item: PlannedNotification) -> String

    /// Returns what the system has of ours.
    func held() async throws -> Held

    /// Carries out one operation.
    func apply(_ operation: PlanOperation) async throws
}
