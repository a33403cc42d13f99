/// What a colour says; the theme has the colour.
public enum ColourRole: Equatable, Sendable {
    /// Nothing in particular.
    case neutral
    /// It is well.
    case success
    /// It takes a moment.
    case warning
    /// It is not well.
    case error
}
