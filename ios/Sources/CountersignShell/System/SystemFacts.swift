#if canImport(UIKit) && canImport(UserNotifications)
    import Countersign
    import Foundation
    import UIKit
    import UserNotifications

    /// What the user lets the app do, for `RunReasons`, and the number on its icon.
    @available(iOSApplicationExtension, unavailable)
    public enum SystemFacts {
        /// Reads it; again after every return to the foreground.
        ///
        /// - Parameter alarms: The alarms that the app lets ring, if it does.
        @MainActor
        public static func read(alarms: (any AlarmPort)? = nil) async -> PlatformFacts {
            let permission = await NotificationPermission.read()
            return PlatformFacts(
                notifications: permission.isGranted,
                background: UIApplication.shared.backgroundRefreshStatus == .available,
                timeSensitive: permission.isTimeSensitive,
                lowPower: ProcessInfo.processInfo.isLowPower,
                alarms: alarms?.access != .denied
            )
        }

        /// Puts on the icon how many requests wait, as `Screen.badge` says.
        public static func show(badge: Int) async throws {
            try await UNUserNotificationCenter.current().setBadgeCount(badge)
        }
    }

    extension ProcessInfo {
        fileprivate var isLowPower: Bool {
            #if canImport(Darwin)
                isLowPowerModeEnabled
            #else
                false
            #endif
        }
    }
#endif
