import Recording

/// https://developer.apple.com/documentation/accessibility/accessibilitynotification
public enum AccessibilityNotification {
    /// https://developer.apple.com/documentation/accessibility/accessibilitynotification/announcement
    public struct Announcement {
        private let text: String

        /// https://developer.apple.com/documentation/accessibility/accessibilitynotification/announcement/init(_:)
        public init(_ announcement: String) { text = announcement }

        /// https://developer.apple.com/documentation/accessibility/accessibilitynotification/announcement/post()
        public func post() { AnnouncementRecord.current.said.withLock { $0.append(text) } }
    }
}

/// What a test hears of a screen reader; each task has the one that it was given.
package final class AnnouncementRecord: Sendable {
    @TaskLocal package static var current = AnnouncementRecord()

    package let said = Recorded<[String]>([])

    package init() {}
}
