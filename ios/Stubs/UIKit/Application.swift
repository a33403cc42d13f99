import Foundation
import Recording

/// https://developer.apple.com/documentation/uikit/uibackgroundtaskidentifier
public struct UIBackgroundTaskIdentifier: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// https://developer.apple.com/documentation/uikit/uibackgroundtaskidentifier/invalid
    public static let invalid = Self(rawValue: 0)
}

/// https://developer.apple.com/documentation/uikit/uibackgroundrefreshstatus
public enum UIBackgroundRefreshStatus: Int, Sendable {
    case restricted, denied, available
}

/// https://developer.apple.com/documentation/uikit/uiapplication
@MainActor open class UIApplication: NSObject {
    /// https://developer.apple.com/documentation/uikit/uiapplication/state
    public enum State: Int, Sendable {
        case active, inactive, background
    }

    private let record: ApplicationRecord

    init(record: ApplicationRecord) {
        self.record = record
    }

    /// https://developer.apple.com/documentation/uikit/uiapplication/shared
    open class var shared: UIApplication { UIApplication(record: .current) }

    /// https://developer.apple.com/documentation/uikit/uiapplication/applicationstate
    open var applicationState: State { record.state.withLock { $0.applicationState } }

    /// https://developer.apple.com/documentation/uikit/uiapplication/backgroundrefreshstatus
    open var backgroundRefreshStatus: UIBackgroundRefreshStatus { record.state.withLock { $0.refreshStatus } }

    /// https://developer.apple.com/documentation/uikit/uiapplication/connectedscenes
    open var connectedScenes: Set<UIScene> { record.scenes }

    /// https://developer.apple.com/documentation/uikit/uiapplication/beginbackgroundtask(withname:expirationhandler:)
    open func beginBackgroundTask(
        withName taskName: String?,
        expirationHandler handler: (@MainActor @Sendable () -> Void)? = nil
    ) -> UIBackgroundTaskIdentifier {
        record.begin(taskName ?? "", handler)
    }

    /// https://developer.apple.com/documentation/uikit/uiapplication/endbackgroundtask(_:)
    open func endBackgroundTask(_ identifier: UIBackgroundTaskIdentifier) {
        record.add(.end(identifier.rawValue))
    }

    /// https://developer.apple.com/documentation/uikit/uiapplication/open(_:options:completionhandler:)
    open func open(_ url: URL) async -> Bool {
        record.state.withLock { $0.opened.append(url.absoluteString) }
        return true
    }

    /// https://developer.apple.com/documentation/uikit/uiapplication/opensettingsurlstring
    nonisolated public static let openSettingsURLString = "app-settings:"
    /// https://developer.apple.com/documentation/uikit/uiapplication/opennotificationsettingsurlstring
    nonisolated public static let openNotificationSettingsURLString = "app-settings:notifications"

    /// https://developer.apple.com/documentation/uikit/uiapplication/didenterbackgroundnotification
    nonisolated public static let didEnterBackgroundNotification = NSNotification.Name("UIApplicationDidEnterBackground")
    /// https://developer.apple.com/documentation/uikit/uiapplication/willenterforegroundnotification
    nonisolated public static let willEnterForegroundNotification = NSNotification.Name(
        "UIApplicationWillEnterForeground")
    /// https://developer.apple.com/documentation/uikit/uiapplication/didbecomeactivenotification
    nonisolated public static let didBecomeActiveNotification = NSNotification.Name("UIApplicationDidBecomeActive")
    /// https://developer.apple.com/documentation/uikit/uiapplication/willresignactivenotification
    nonisolated public static let willResignActiveNotification = NSNotification.Name("UIApplicationWillResignActive")
    /// https://developer.apple.com/documentation/uikit/uiapplication/significanttimechangenotification
    nonisolated public static let significantTimeChangeNotification = NSNotification.Name(
        "UIApplicationSignificantTimeChange")
    /// https://developer.apple.com/documentation/uikit/uiapplication/backgroundrefreshstatusdidchangenotification
    nonisolated public static let backgroundRefreshStatusDidChangeNotification = NSNotification.Name(
        "UIApplicationBackgroundRefreshStatusDidChange")
}
