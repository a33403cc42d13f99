#if canImport(UserNotifications)
    import Countersign
    import Foundation
    import UserNotifications

    /// What a push shows: the base class of an app's notification service extension.
    ///
    /// It only reads the app's words: the journal has one writer, which is the app, and an extension has 24 MB. A push carries nothing but that
    /// something has happened; what, the app finds out itself.
    open class NotificationService: UNNotificationServiceExtension {
        private let handed = Locked<(() -> Void)?>(nil)

        /// The words; an app overrides it with its own.
        open var resources: any ResourcePort { BundleResources() }

        /// Returns what is shown: that something was asked, and no more.
        open func content(for request: UNNotificationRequest) -> UNMutableNotificationContent {
            let content = UNMutableNotificationContent()
            content.title = Category.request.title.resolved(by: resources)
            content.body = Category.request.hiddenBody.resolved(by: resources)
            content.categoryIdentifier = Category.request.rawValue
            content.sound = .default
            content.interruptionLevel = .timeSensitive
            return content
        }

        override public func didReceive(
            _ request: UNNotificationRequest,
            withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void
        ) {
            let content = content(for: request)
            handed.withLock { $0 = { contentHandler(content) } }
            deliver()
        }

        override public func serviceExtensionTimeWillExpire() {
            deliver()
        }

        /// Delivers once.
        private func deliver() {
            handed.withLock { $0.take() }?()
        }
    }
#endif
