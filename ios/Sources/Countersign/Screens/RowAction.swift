/// The one thing that can be done at a participant's row.
public enum RowAction: Equatable, Sendable {
    /// Dial it.
    case connect
    /// Dial it no more.
    case cancel
    /// Dial it now, not later.
    case retry
    /// Give it our card, and take its own.
    case invite
    /// Remind its user to open the app.
    case nudge
}
