import Foundation

/// https://developer.apple.com/documentation/usernotifications/unnotificationcontent
open class UNNotificationContent: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcontent/title
    public fileprivate(set) var title = ""
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcontent/body
    public fileprivate(set) var body = ""
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcontent/sound
    public fileprivate(set) var sound: UNNotificationSound?
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcontent/badge
    public fileprivate(set) var badge: NSNumber?
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcontent/userinfo
    public fileprivate(set) var userInfo: [AnyHashable: Any] = [:]
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcontent/threadidentifier
    public fileprivate(set) var threadIdentifier = ""
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcontent/categoryidentifier
    public fileprivate(set) var categoryIdentifier = ""
    /// https://developer.apple.com/documentation/usernotifications/unnotificationcontent/interruptionlevel
    public fileprivate(set) var interruptionLevel = UNNotificationInterruptionLevel.active
}

/// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent
open class UNMutableNotificationContent: UNNotificationContent {
    /// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent/title
    override public var title: String {
        get { super.title }
        set { super.title = newValue }
    }
    /// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent/body
    override public var body: String {
        get { super.body }
        set { super.body = newValue }
    }
    /// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent/sound
    override public var sound: UNNotificationSound? {
        get { super.sound }
        set { super.sound = newValue }
    }
    /// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent/badge
    override public var badge: NSNumber? {
        get { super.badge }
        set { super.badge = newValue }
    }
    /// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent/userinfo
    override public var userInfo: [AnyHashable: Any] {
        get { super.userInfo }
        set { super.userInfo = newValue }
    }
    /// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent/threadidentifier
    override public var threadIdentifier: String {
        get { super.threadIdentifier }
        set { super.threadIdentifier = newValue }
    }
    /// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent/categoryidentifier
    override public var categoryIdentifier: String {
        get { super.categoryIdentifier }
        set { super.categoryIdentifier = newValue }
    }
    /// https://developer.apple.com/documentation/usernotifications/unmutablenotificationcontent/interruptionlevel
    override public var interruptionLevel: UNNotificationInterruptionLevel {
        get { super.interruptionLevel }
        set { super.interruptionLevel = newValue }
    }
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationsound
open class UNNotificationSound: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotificationsound/default
    open class var `default`: UNNotificationSound { UNNotificationSound() }
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationinterruptionlevel
public enum UNNotificationInterruptionLevel: UInt, Sendable {
    case passive, active, timeSensitive, critical
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationtrigger
open class UNNotificationTrigger: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotificationtrigger/repeats
    public let repeats: Bool

    fileprivate init(repeats: Bool) { self.repeats = repeats }
}

/// https://developer.apple.com/documentation/usernotifications/untimeintervalnotificationtrigger
open class UNTimeIntervalNotificationTrigger: UNNotificationTrigger {
    /// https://developer.apple.com/documentation/usernotifications/untimeintervalnotificationtrigger/timeinterval
    public let timeInterval: TimeInterval

    /// https://developer.apple.com/documentation/usernotifications/untimeintervalnotificationtrigger/init(timeinterval:repeats:)
    public init(timeInterval: TimeInterval, repeats: Bool) {
        self.timeInterval = timeInterval
        super.init(repeats: repeats)
    }
}

/// https://developer.apple.com/documentation/usernotifications/uncalendarnotificationtrigger
open class UNCalendarNotificationTrigger: UNNotificationTrigger {
    /// https://developer.apple.com/documentation/usernotifications/uncalendarnotificationtrigger/datecomponents
    public let dateComponents: DateComponents

    /// https://developer.apple.com/documentation/usernotifications/uncalendarnotificationtrigger/init(datematching:repeats:)
    public init(dateMatching dateComponents: DateComponents, repeats: Bool) {
        self.dateComponents = dateComponents
        super.init(repeats: repeats)
    }
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationrequest
open class UNNotificationRequest: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotificationrequest/identifier
    public let identifier: String
    /// https://developer.apple.com/documentation/usernotifications/unnotificationrequest/content
    public let content: UNNotificationContent
    /// https://developer.apple.com/documentation/usernotifications/unnotificationrequest/trigger
    public let trigger: UNNotificationTrigger?

    /// https://developer.apple.com/documentation/usernotifications/unnotificationrequest/init(identifier:content:trigger:)
    public init(identifier: String, content: UNNotificationContent, trigger: UNNotificationTrigger?) {
        self.identifier = identifier
        self.content = content
        self.trigger = trigger
    }
}

/// https://developer.apple.com/documentation/usernotifications/unnotification
open class UNNotification: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotification/request
    public let request: UNNotificationRequest

    package init(request: UNNotificationRequest) { self.request = request }
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationresponse
open class UNNotificationResponse: NSObject {
    /// https://developer.apple.com/documentation/usernotifications/unnotificationresponse/notification
    public let notification: UNNotification
    /// https://developer.apple.com/documentation/usernotifications/unnotificationresponse/actionidentifier
    public let actionIdentifier: String

    package init(notification: UNNotification, actionIdentifier: String) {
        self.notification = notification
        self.actionIdentifier = actionIdentifier
    }
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationpresentationoptions
public struct UNNotificationPresentationOptions: OptionSet, Sendable {
    public let rawValue: UInt

    public init(rawValue: UInt) { self.rawValue = rawValue }

    /// https://developer.apple.com/documentation/usernotifications/unnotificationpresentationoptions/sound
    public static let sound = Self(rawValue: 1 << 1)
    /// https://developer.apple.com/documentation/usernotifications/unnotificationpresentationoptions/list
    public static let list = Self(rawValue: 1 << 3)
    /// https://developer.apple.com/documentation/usernotifications/unnotificationpresentationoptions/banner
    public static let banner = Self(rawValue: 1 << 4)
}

/// https://developer.apple.com/documentation/usernotifications/unnotificationserviceextension
open class UNNotificationServiceExtension: NSObject {
    override public init() {}

    /// https://developer.apple.com/documentation/usernotifications/unnotificationserviceextension/didreceive(_:withcontenthandler:)
    open func didReceive(
        _ request: UNNotificationRequest,
        withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void
    ) {}

    /// https://developer.apple.com/documentation/usernotifications/unnotificationserviceextension/serviceextensiontimewillexpire()
    open func serviceExtensionTimeWillExpire() {}
}
