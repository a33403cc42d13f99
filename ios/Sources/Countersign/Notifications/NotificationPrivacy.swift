/// How much a notification says where others may read it.
public enum NotificationPrivacy: String, Equatable, Sendable {
    /// Nothing that gives anything away: no name, no amount, no purpose.
    case redacted
    /// Who asks, and how much time is left.
    case full
}

extension ComposedNotification {
    /// Returns what it says to whom it may be read by.
    public func body(_ privacy: NotificationPrivacy) -> Phrase {
        switch privacy {
        case .redacted: publicBody
        case .full: body
        }
    }
}
