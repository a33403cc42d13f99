#if canImport(UserNotifications)
    import Countersign
    import Foundation
    import UserNotifications

    /// What a push shows: the base class of an app's notification service extension.
    ///
    /// A push carries nothing but that something has happened; what, the app finds out itself. Where the app shares its journal's folder with
    /// the extension, it looks into the journal while the app rests: without a secret, a connection or a word written, and within 24 MB.
    open class NotificationService: UNNotificationServiceExtension {
        private let handed = Locked<((Glance?) -> Void)?>(nil)

        /// The words; an app overrides it with its own.
        open var resources: any ResourcePort { BundleResources() }

        /// The app's journal in a folder that both see; an app that has one overrides it.
        open var journal: URL? { nil }

        /// Returns what is shown: that something was asked, and no more; on the icon how many requests wait, as far as the journal knows.
        ///
        /// - Parameters:
        ///   - request: What the push brought. Nothing of it is shown.
        ///   - glance: What the journal says, if it could be looked into.
        open func content(for request: UNNotificationRequest, seeing glance: Glance?) -> UNMutableNotificationContent {
            let content = UNMutableNotificationContent()
            content.title = Category.request.title.resolved(by: resources)
            content.body = Category.request.hiddenBody.resolved(by: resources)
            content.categoryIdentifier = Category.request.rawValue
            content.sound = .default
            content.interruptionLevel = .timeSensitive
            content.badge = glance.map { NSNumber(value: $0.status.badge) }
            return content
        }

        override public func didReceive(
            _ request: UNNotificationRequest,
            withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void
        ) {
            handed.withLock { $0 = { glance in contentHandler(self.content(for: request, seeing: glance)) } }
            guard let journal else { return deliver(seeing: nil) }
            Task { [service = HandedOver(self)] in
                // The app that runs holds its journal, and shows what there is itself.
                let capabilities = SystemNotifications.capabilities
                let seen = try? await glance(journal: journal.path, boot: nil, capabilities: capabilities)
                service.value.deliver(seeing: seen)
            }
        }

        override public func serviceExtensionTimeWillExpire() {
            deliver(seeing: nil)
        }

        /// Delivers once.
        private func deliver(seeing glance: Glance?) {
            handed.withLock { $0.take() }?(glance)
        }
    }
#endif
