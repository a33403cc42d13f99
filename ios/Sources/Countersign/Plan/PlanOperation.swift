import CountersignBindings

/// One step towards what a plan wants.
public enum PlanOperation: Equatable, Sendable {
    /// Give it to the system, to be shown at its time; in place of a pending one with the same key.
    case hold(PlannedNotification)
    /// Take a pending one back.
    case release(NotificationKey)
    /// Show it now, with its sound.
    case show(PlannedNotification)
    /// Change what its place shows, silently.
    case update(PlannedNotification)
    /// Take away what a place shows.
    case takeAway(place: String)

    /// The notification that it puts at the system.
    public var item: PlannedNotification? {
        switch self {
        case .hold(let item), .show(let item), .update(let item): item
        case .release, .takeAway: nil
        }
    }
}
