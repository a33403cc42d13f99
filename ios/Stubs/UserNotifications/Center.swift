import Foundation
import Recording

/// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter
open class UNUserNotificationCenter: NSObject {
    private let record: NotificationRecord

    init(record: NotificationRecord) {
        self.record = record
    }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/current()
    open class func current() -> UNUserNotificationCenter { UNUserNotificationCenter(record: .current) }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/delegate
    open weak var delegate: (any UNUserNotificationCenterDelegate)? {
        get { record.delegate.withLock { $0.value } }
        set { record.delegate.withLock { $0.value = newValue } }
    }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/requestauthorization(options:completionhandler:)
    open func requestAuthorization(options: UNAuthorizationOptions = []) async throws -> Bool {
        record.add(.askAuthorization(options.rawValue))
        return record.state.withLock { $0.authorization == .authorized || $0.authorization == .provisional }
    }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/notificationsettings()
    open func notificationSettings() async -> UNNotificationSettings {
        record.state.withLock { UNNotificationSettings($0.authorization, timeSensitive: $0.timeSensitive) }
    }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/setnotificationcategories(_:)
    open func setNotificationCategories(_ categories: Set<UNNotificationCategory>) {
        record.categories.withLock { $0 = Array(categories) }
    }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/add(_:withcompletionhandler:)
    open func add(_ request: UNNotificationRequest) async throws {
        let wait = record.state.withLock { $0.beforeAdd }
        try await wait?(request.identifier)
        record.keep(request)
    }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/getpendingnotificationrequests(completionhandler:)
    open func pendingNotificationRequests() async -> [UNNotificationRequest] { record.pending }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/removependingnotificationrequests(withidentifiers:)
    open func removePendingNotificationRequests(withIdentifiers identifiers: [String]) {
        record.remove(.removePending(identifiers))
    }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/getdeliverednotifications(completionhandler:)
    open func deliveredNotifications() async -> [UNNotification] { record.delivered }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/removedeliverednotifications(withidentifiers:)
    open func removeDeliveredNotifications(withIdentifiers identifiers: [String]) {
        record.remove(.removeDelivered(identifiers))
    }

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenter/setbadgecount(_:withcompletionhandler:)
    open func setBadgeCount(_ newBadgeCount: Int) async throws {
        record.add(.badge(newBadgeCount))
    }
}

/// https://developer.apple.com/documentation/usernotifications/unusernotificationcenterdelegate
public protocol UNUserNotificationCenterDelegate: AnyObject {
    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenterdelegate/usernotificationcenter(_:willpresent:withcompletionhandler:)
    func userNotificationCenter(
        _ center: UNUserNotificationCenter,
        willPresent notification: UNNotification,
        withCompletionHandler completionHandler: @escaping (UNNotificationPresentationOptions) -> Void)

    /// https://developer.apple.com/documentation/usernotifications/unusernotificationcenterdelegate/usernotificationcenter(_:didreceive:withcompletionhandler:)
    func userNotificationCenter(
        _ center: UNUserNotificationCenter,
        didReceive response: UNNotificationResponse,
        withCompletionHandler completionHandler: @escaping () -> Void)
}

/// https://developer.apple.com/documentation/usernotifications/unauthorizationoptions
public struct UNAuthorizationOptions: OptionSet, Sendable {
    public let rawValue: UInt

    public init(rawValue: UInt) { self.rawValue = rawValue }

    /// https://developer.apple.com/documentation/usernotifications/unauthorizationoptions/badge
    public static let badge = Self(rawValue: 1 << 0)
    /// https://developer.apple.com/documentation/usernotifications/unauthorizationoptions/sound
    public static let sound = Self(rawValue: 1 << 1)
    /// https://developer.apple.com/documentation/usernotifications/unauthorizationoptions/alert
    public static let alert = Self(rawValue: 1 << 2)
    /// https://developer.apple.com/documentation/usernotifications/unauthorizationoptions/provisional
    public static let provisional = Self(rawValue: 1 << 6)
}

/// https://developer.apple.com/documentation/usernotifications/unauthorizationstatus
public enum UNAuthorizationStatus: Int, Sendable {
    case notDetermined, denied, authorized, provisional, ephemeral
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationsetting
public enum UNNotificationSetting: Int, Sendable {
    case notSupported, disabled, enabled
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationsettings
open class UNNotificationSettings: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotificationsettings/authorizationstatus
    public let authorizationStatus: UNAuthorizationStatus
    /// https://developer.apple.com/documentation/usernotifications/unnotificationsettings/timesensitivesetting
    public let timeSensitiveSetting: UNNotificationSetting

    init(_ authorization: UNAuthorizationStatus, timeSensitive: UNNotificationSetting) {
        authorizationStatus = authorization
        timeSensitiveSetting = timeSensitive
    }
}
