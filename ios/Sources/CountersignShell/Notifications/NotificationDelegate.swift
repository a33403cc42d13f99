#if canImport(UserNotifications)
    import Countersign
    import Foundation
    import UserNotifications

    /// Hears of what the user does to notifications; hold on to it, the system does not.
    public final class NotificationDelegate: NSObject, UNUserNotificationCenterDelegate, Sendable {
        private let follow: @Sendable (Route) async -> Void

        /// Follows every touch of ours; never signs.
        public init(follow: @escaping @Sendable (Route) async -> Void) {
            self.follow = follow
        }

        /// Takes its place at the system; before the launch ends, or the touch that launched the app is lost.
        public func install() {
            UNUserNotificationCenter.current().delegate = self
        }

        public func userNotificationCenter(
            _ center: UNUserNotificationCenter,
            willPresent notification: UNNotification,
            withCompletionHandler completionHandler: @escaping (UNNotificationPresentationOptions) -> Void
        ) {
            completionHandler([.banner, .list, .sound])
        }

        public func userNotificationCenter(
            _ center: UNUserNotificationCenter,
            didReceive response: UNNotificationResponse,
            withCompletionHandler completionHandler: @escaping () -> Void
        ) {
            let request = response.notification.request
            let told = NotificationResponse(
                action: response.actionIdentifier,
                key: request.identifier,
                link: NotificationContent.link(of: request)
            )
            let done = HandedOver(completionHandler)
            Task { [follow] in
                if let route = ActionRouter.route(told) { await follow(route) }
                // The system wants to hear of it on the main thread.
                await MainActor.run { done.value() }
            }
        }
    }
#endif
