extension Remedy {
    /// What stands on its button.
    public var label: Phrase {
        switch self {
        case .openNetworkSettings, .openAppSettings, .openBatterySettings: Phrase("remedy_open")
        case .allowNotifications, .allowTimeSensitive: Phrase("remedy_allow")
        case .issueCard: Phrase("remedy_issue_card")
        case .invite: Phrase("row_invite")
        case .connect: Phrase("remedy_connect")
        }
    }
}
