import Foundation

/// https://developer.apple.com/documentation/usernotifications/unnotificationactionoptions
public struct UNNotificationActionOptions: OptionSet, Sendable {
    public let rawValue: UInt

    public init(rawValue: UInt) { self.rawValue = rawValue }

    /// https://developer.apple.com/documentation/usernotifications/unnotificationactionoptions/foreground
    public static let foreground = Self(rawValue: 1 << 2)
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationaction
open class UNNotificationAction: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotificationaction/identifier
    public let identifier: String
    /// https://developer.apple.com/documentation/usernotifications/unnotificationaction/title
    public let title: String
    /// https://developer.apple.com/documentation/usernotifications/unnotificationaction/options
    public let options: UNNotificationActionOptions

    /// https://developer.apple.com/documentation/usernotifications/unnotificationaction/init(identifier:title:options:)
    public init(identifier: String, title: String, options: UNNotificationActionOptions = []) {
        self.identifier = identifier
        self.title = title
        self.options = options
    }
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationcategoryoptions
public struct UNNotificationCategoryOptions: OptionSet, Sendable {
    public let rawValue: UInt

    public init(rawValue: UInt) { self.rawValue = rawValue }

    /// https://developer.apple.com/documentation/usernotifications/unnotificationcategoryoptions/customdismissaction
    public static let customDismissAction = Self(rawValue: 1 << 0)
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcategoryoptions/hiddenpreviewsshowtitle
    public static let hiddenPreviewsShowTitle = Self(rawValue: 1 << 2)
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationcategory
open class UNNotificationCategory: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcategory/identifier
    public let identifier: String
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcategory/actions
    public let actions: [UNNotificationAction]
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcategory/hiddenpreviewsbodyplaceholder
    public let hiddenPreviewsBodyPlaceholder: String
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcategory/options
    public let options: UNNotificationCategoryOptions

    /// https://developer.apple.com/documentation/usernotifications/unnotificationcategory/init(identifier:actions:intentidentifiers:hiddenpreviewsbodyplaceholder:options:)
    public init(
        identifier: String,
        actions: [UNNotificationAction],
        intentIdentifiers: [String],
        hiddenPreviewsBodyPlaceholder: String,
        options: UNNotificationCategoryOptions = []
    ) {
        self.identifier = identifier
        self.actions = actions
        self.hiddenPreviewsBodyPlaceholder = hiddenPreviewsBodyPlaceholder
        self.options = options
    }
}
