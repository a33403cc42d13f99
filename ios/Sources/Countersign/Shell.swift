import CountersignBindings

/// What a co-signer has of its app.
public struct Shell: Sendable {
    /// Keeps the secrets.
    public var vault: any Vault
    /// The system's notifications.
    public var notifications: any NotificationPort
    /// The app's resources.
    public var resources: any ResourcePort
    /// The system's alarms, if the app lets sessions ring.
    public var alarms: (any AlarmPort)?
    /// What finds co-signers in the local network, if anything does.
    public var lan: (any LanDiscovery)?

    /// Says what it has.
    public init(
        vault: any Vault,
        notifications: any NotificationPort,
        resources: any ResourcePort,
        alarms: (any AlarmPort)? = nil,
        lan: (any LanDiscovery)? = nil
    ) {
        self.vault = vault
        self.notifications = notifications
        self.resources = resources
        self.alarms = alarms
        self.lan = lan
    }
}
