/// What is done for a remedy.
public enum RemedyStep: Equatable, Sendable {
    /// The system asks the user.
    case ask
    /// The system's page of the app's notifications is opened.
    case openNotificationSettings
    /// The system's page of the app is opened: an app can open no other.
    case openAppSettings
    /// The app does it.
    case leaveToApp
}

extension Remedy {
    /// Returns what is done; a user who was asked once is not asked again by the system.
    public func step(isAsked: Bool) -> RemedyStep {
        switch self {
        case .allowNotifications: isAsked ? .openNotificationSettings : .ask
        case .allowTimeSensitive: .openNotificationSettings
        case .openNetworkSettings, .openAppSettings, .openBatterySettings: .openAppSettings
        case .issueCard, .invite, .connect: .leaveToApp
        }
    }
}
