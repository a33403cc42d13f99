import CountersignBindings

extension MessageKey {
    /// The sentence's name among the app's resources.
    public var resource: String {
        switch self {
        case .requestFrom: "message_request_from"
        case .request: "message_request"
        case .requestExpired: "message_request_expired"
        case .requestSuperseded: "message_request_superseded"
        case .ongoing: "message_ongoing"
        case .expiringSeconds: "message_expiring_seconds"
        case .expiringMinutes: "message_expiring_minutes"
        case .expiringHours: "message_expiring_hours"
        case .expired: "message_expired"
        case .extensionAsked: "message_extension_asked"
        case .completed: "message_completed"
        case .declined: "message_declined"
        case .declinedByYou: "message_declined_by_you"
        case .cancelled: "message_cancelled"
        case .failed: "message_failed"
        case .cannotReach: "message_cannot_reach"
        case .noCards: "message_no_cards"
        case .requestRedacted: "message_request_redacted"
        case .ongoingRedacted: "message_ongoing_redacted"
        case .expiringRedacted: "message_expiring_redacted"
        case .expiredRedacted: "message_expired_redacted"
        }
    }
}
