#if canImport(UserNotifications)
    import Countersign
    import UserNotifications

    /// What the user lets our notifications do.
    public struct NotificationPermission: Equatable, Sendable {
        /// Whether they may be shown, be it silently.
        public var isGranted: Bool
        /// Whether they may come through the user's quiet.
        public var isTimeSensitive: Bool
        /// Whether the user was asked yet.
        public var isAsked: Bool

        /// Reads it.
        public static func read() async -> NotificationPermission {
            let settings = await UNUserNotificationCenter.current().notificationSettings()
            return NotificationPermission(
                isGranted: isGranted(settings.authorizationStatus),
                isTimeSensitive: settings.timeSensitiveSetting == .enabled,
                isAsked: settings.authorizationStatus != .notDetermined
            )
        }

        /// Asks the user, in the moment that makes clear what for; `false` if the answer is no.
        public static func ask() async throws -> Bool {
            try await UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound, .badge])
        }

        private static func isGranted(_ status: UNAuthorizationStatus) -> Bool {
            switch status {
            case .authorized, .provisional, .ephemeral: true
            case .notDetermined, .denied: false
            @unknown default: false
            }
        }
    }
#endif
