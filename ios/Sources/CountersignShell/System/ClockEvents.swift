import Foundation

#if canImport(UIKit)
    import UIKit
#endif

/// Tells that the clock, the zone or the language is another: what is held at the system is looked at anew.
public final class ClockEvents: @unchecked Sendable {
    private var observers: [any NSObjectProtocol] = []

    /// Tells of every such change, as `PlanKeeper.signal` wants it; on any thread.
    public init(changed: @escaping @Sendable () -> Void) {
        observers = Self.names.map { name in
            NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) { _ in changed() }
        }
    }

    deinit {
        for observer in observers { NotificationCenter.default.removeObserver(observer) }
    }

    private static var names: [Notification.Name] {
        var names: [Notification.Name] = [
            .NSSystemClockDidChange, .NSSystemTimeZoneDidChange, NSLocale.currentLocaleDidChangeNotification,
        ]
        #if canImport(UIKit)
            names.append(UIApplication.significantTimeChangeNotification)
        #endif
        return names
    }
}
