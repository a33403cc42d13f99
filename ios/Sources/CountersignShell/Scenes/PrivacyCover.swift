#if canImport(UIKit)
    import UIKit

    /// Lies over everything while the app is not used, so that the switcher's picture shows nothing.
    @MainActor
    @available(iOSApplicationExtension, unavailable)
    public final class PrivacyCover {
        private let content: @MainActor () -> UIViewController
        private var windows: [UIWindow] = []

        /// Makes a cover; `content` is what it shows, such as the app's mark.
        public init(content: @escaping @MainActor () -> UIViewController = PrivacyCover.plain) {
            self.content = content
        }

        /// Lies over every scene, also over sheets and keyboards.
        public func show() {
            hide()
            for case let scene as UIWindowScene in UIApplication.shared.connectedScenes {
                let window = UIWindow(windowScene: scene)
                window.windowLevel = UIWindow.Level(rawValue: UIWindow.Level.alert.rawValue + 1)
                window.rootViewController = content()
                window.isHidden = false
                windows.append(window)
            }
        }

        /// Goes away.
        public func hide() {
            for window in windows { window.isHidden = true }
            windows = []
        }

        /// Nothing but the background's colour.
        public static func plain() -> UIViewController {
            let controller = UIViewController()
            controller.view?.backgroundColor = .systemBackground
            return controller
        }
    }
#endif
