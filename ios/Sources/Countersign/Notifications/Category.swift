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

    /// What stands above one of it.
    public var title: Phrase { Phrase("title_" + rawValue) }

    /// What can be done at one of it.
    public var actions: [Action] { [.view, .dismiss] }

    /// What one says where previews are hidden.
    public var hiddenBody: Phrase {
        switch self {
        case .request: Phrase(MessageKey.requestRedacted.resource)
        case .ongoing: Phrase(MessageKey.ongoingRedacted.resource)
        case .warning: Phrase(MessageKey.expiringRedacted.resource)
        case .expired: Phrase(MessageKey.expiredRedacted.resource)
        }
    }
}
