import CountersignBindings

/// When the system is to show a notification.
public enum NotificationTrigger: Equatable, Sendable {
    /// At once.
    case now
    /// In so many milliseconds, whatever becomes of the clock.
    case after(milliseconds: UInt64)
    /// When the wall clock, in whatever zone, is there.
    case at(WallTime)
}

extension PlanOperation {
    /// The longest that a system counts milliseconds for us.
    private static var longestMs: UInt64 { 24 * 60 * 60 * 1_000 }

    /// When the notification is to be shown that it puts at the system.
    public var trigger: NotificationTrigger? {
        switch self {
        case .hold(let item) where item.fireInMs > Self.longestMs: .at(item.fireAt)
        // Apple's systems refuse zero.
        case .hold(let item): .after(milliseconds: max(1, item.fireInMs))
        case .show, .update: .now
        case .release, .takeAway: nil
        }
    }
}
