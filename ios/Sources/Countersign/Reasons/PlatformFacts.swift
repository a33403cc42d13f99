/// What the user lets the app do.
public struct PlatformFacts: Equatable, Sendable {
    /// Whether it may show notifications.
    public var notifications: Bool
    /// Whether it may run in the background.
    public var background: Bool
    /// Whether it may come through the user's quiet.
    public var timeSensitive: Bool
    /// Whether the phone saves its battery.
    public var lowPower: Bool
    /// Whether alarms may ring, if the user wants any.
    public var alarms: Bool

    /// A user who lets it do all of it.
    public static let everything = PlatformFacts(
        notifications: true, background: true, timeSensitive: true, lowPower: false)

    /// Says what the user lets it do.
    public init(notifications: Bool, background: Bool, timeSensitive: Bool, lowPower: Bool, alarms: Bool = true) {
        self.notifications = notifications
        self.background = background
        self.timeSensitive = timeSensitive
        self.lowPower = lowPower
        self.alarms = alarms
    }
}
