import Foundation

/// https://developer.apple.com/documentation/uikit/uiscene
@MainActor open class UIScene: NSObject {}

/// https://developer.apple.com/documentation/uikit/uiwindowscene
@MainActor open class UIWindowScene: UIScene {
    package var windows: [UIWindow] = []

    override package init() {}
}

/// https://developer.apple.com/documentation/uikit/uiwindow
@MainActor open class UIWindow: UIView {
    /// https://developer.apple.com/documentation/uikit/uiwindow/level
    public struct Level: RawRepresentable, Equatable, Sendable {
        public let rawValue: CGFloat

        public init(rawValue: CGFloat) { self.rawValue = rawValue }

        /// https://developer.apple.com/documentation/uikit/uiwindow/level/alert
        public static let alert = Self(rawValue: 2_000)
    }

    /// https://developer.apple.com/documentation/uikit/uiwindow/windowlevel
    open var windowLevel = Level(rawValue: 0)
    /// https://developer.apple.com/documentation/uikit/uiwindow/rootviewcontroller
    open var rootViewController: UIViewController?

    /// https://developer.apple.com/documentation/uikit/uiwindow/init(windowscene:)
    public init(windowScene: UIWindowScene) {
        super.init()
        isHidden = true
        windowScene.windows.append(self)
    }
}

/// https://developer.apple.com/documentation/uikit/uiview
@MainActor open class UIView: NSObject {
    /// https://developer.apple.com/documentation/uikit/uiview/ishidden
    open var isHidden = false
    /// https://developer.apple.com/documentation/uikit/uiview/backgroundcolor
    open var backgroundColor: UIColor?

    override init() {}
}

/// https://developer.apple.com/documentation/uikit/uiviewcontroller
@MainActor open class UIViewController: NSObject {
    /// https://developer.apple.com/documentation/uikit/uiviewcontroller/view
    open var view: UIView? = UIView()

    /// https://developer.apple.com/documentation/uikit/uiviewcontroller/init(nibname:bundle:)
    override public init() {}
}

/// https://developer.apple.com/documentation/uikit/uicolor
open class UIColor: NSObject, @unchecked Sendable {
    /// https://developer.apple.com/documentation/uikit/uicolor/systembackground
    public static let systemBackground = UIColor()
}
