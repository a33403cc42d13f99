import CountersignBindings

/// Where a touch leads.
public enum Route: Equatable, Sendable {
    /// To a session's screen.
    case open(DeepLink)
    /// To a session's screen, where its co-signers are dialled.
    case connect(DeepLink)
    /// Nowhere: the core hears that it was put away.
    case dismiss(NotificationKey)
}
