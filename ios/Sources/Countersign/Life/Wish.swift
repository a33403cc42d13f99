/// Where the app is to be.
public enum Wish: Equatable, Sendable {
    /// On the screen.
    case foreground
    /// Away from it.
    case background
}
