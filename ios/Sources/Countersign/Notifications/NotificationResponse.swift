/// What the user did to a notification, as the system tells it.
public struct NotificationResponse: Equatable, Sendable {
    /// What was touched: an action's identifier, or one of the system's own.
    public var action: String
    /// The notification's key.
    public var key: String
    /// Its link, as text.
    public var link: String

    /// Says what the user did.
    public init(action: String, key: String, link: String) {
        self.action = action
        self.key = key
        self.link = link
    }
}
