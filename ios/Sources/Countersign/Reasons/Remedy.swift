/// What the user can do so that nothing stands in the way any more.
public enum Remedy: Equatable, Sendable {
    /// Look at the system's network settings.
    case openNetworkSettings
    /// Look at the app's settings.
    case openAppSettings
    /// Look at the system's battery settings.
    case openBatterySettings
    /// Allow notifications.
    case allowNotifications
    /// Allow those that come through the user's quiet.
    case allowTimeSensitive
    /// Let our card be issued.
    case issueCard
    /// Invite a co-signer.
    case invite
    /// Dial everybody.
    case connect
}
