import CountersignBindings

/// What a notification is of, for the system.
public enum Category: String, CaseIterable, Equatable, Sendable {
    /// Requests of co-signers.
    case request
    /// Sessions that go on.
    case ongoing
    /// Sessions whose end is near.
    case warning
    /// Sessions that have expired.
    case expired

    /// Returns the category of a notice.
    public init(of notice: Notice) {
        switch notice {
        case .request: self = .request
        case .ongoing: self = .ongoing
        case .warning: self = .warning
        case .expired: self = .expired
        }
    }
}
