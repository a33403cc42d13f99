import Countersign

/// A system that shows nothing.
public struct SilentNotifications: NotificationPort {
    public let capabilities = Capabilities(maxPending: 60, canPreschedule: true, liveUpdate: false)

    /// Makes one.
    public init() {}

    public func place(of item: PlannedNotification) -> String { item.key }

    public func held() -> Held { Held() }

    public func apply(_ operation: PlanOperation) {}
}
