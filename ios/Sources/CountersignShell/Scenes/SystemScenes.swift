#if canImport(UIKit)
    import Foundation
    import UIKit

    /// Tells where the app is: on the screen, about to leave it, or away; of all its scenes together.
    @MainActor
    @available(iOSApplicationExtension, unavailable)
    public final class SystemScenes {
        /// Where the app is.
        public enum Phase: Equatable, Sendable {
            /// It is used.
            case active
            /// It is seen, but not used: the switcher shows it, or something lies over it.
            case inactive
            /// It is not seen.
            case background
        }

        private var observers: [any NSObjectProtocol] = []

        /// Makes one that says nothing yet.
        public init() {}

        /// Where the app is now.
        public var phase: Phase {
            switch UIApplication.shared.applicationState {
            case .active: .active
            case .inactive: .inactive
            case .background: .background
            @unknown default: .inactive
            }
        }

        /// Tells of every change from now on, within the system's call.
        public func follow(_ changed: @escaping @MainActor @Sendable (Phase) -> Void) {
            observe(UIApplication.didBecomeActiveNotification) { changed(.active) }
            observe(UIApplication.willResignActiveNotification) { changed(.inactive) }
            observe(UIApplication.didEnterBackgroundNotification) { changed(.background) }
        }

        /// Tells nothing more.
        public func stop() {
            for observer in observers { NotificationCenter.default.removeObserver(observer) }
            observers = []
        }

        private func observe(_ name: Notification.Name, _ changed: @escaping @MainActor @Sendable () -> Void) {
            let observer = NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) { _ in
                MainActor.assumeIsolated { changed() }
            }
            observers.append(observer)
        }
    }
#endif
