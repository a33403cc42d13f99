#if canImport(UIKit) && canImport(UserNotifications)
    import Countersign
    import Foundation
    import UIKit

    /// What the system can do so that nothing stands in the way any more.
    @MainActor
    @available(iOSApplicationExtension, unavailable)
    public enum SystemRemedies {
        /// Does it; `false` for what the app itself must do.
        public static func apply(_ remedy: Remedy) async throws -> Bool {
            switch remedy.step(isAsked: await NotificationPermission.read().isAsked) {
            case .ask: _ = try await NotificationPermission.ask()
            case .openNotificationSettings: await open(UIApplication.openNotificationSettingsURLString)
            case .openAppSettings: await open(UIApplication.openSettingsURLString)
            case .leaveToApp: return false
            }
            return true
        }

        private static func open(_ page: String) async {
            if let url = URL(string: page) { _ = await UIApplication.shared.open(url) }
        }
    }
#endif
