import CountersignBindings

/// Finds out where a touch leads.
///
/// Nothing is signed by one: whoever answers first sees what is signed.
public enum ActionRouter {
    /// Dials a session's co-signers; a button of screens, which a notification may have, too.
    public static let connect = "connect"
    /// What Apple's systems call a touch of the notification itself.
    public static let systemDefault = "com.apple.UNNotificationDefaultActionIdentifier"
    /// What they call putting it away.
    public static let systemDismiss = "com.apple.UNNotificationDismissActionIdentifier"

    /// Returns where it leads; `nil` for what is not ours, or not as we made it.
    public static func route(_ response: NotificationResponse) -> Route? {
        guard let link = DeepLink(url: response.link), isKey(response.key, of: link) else { return nil }
        let opening: [Action] = [.view, .approve, .reject, .extend]
        switch response.action {
        case systemDismiss, Action.dismiss.identifier: return .dismiss(response.key)
        case connect: return .connect(link)
        case systemDefault: return .open(link)
        case let action: return opening.contains { $0.identifier == action } ? .open(link) : nil
        }
    }

    /// A key begins with the first half of its session.
    private static func isKey(_ key: String, of link: DeepLink) -> Bool {
        key.utf8.count <= 64 && key.hasPrefix("s\(link.session.prefix(32)):")
    }
}
