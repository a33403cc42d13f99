#if canImport(UIKit)
    import Countersign
    import UIKit

    /// The assertions of `beginBackgroundTask`; they begin on the main thread.
    @available(iOSApplicationExtension, unavailable)
    public struct SystemAssertions: BackgroundAssertionPort {
        /// Makes the port.
        public init() {}

        public func begin(expired: @escaping @Sendable () -> Void) -> Int {
            MainActor.assumeIsolated {
                UIApplication.shared.beginBackgroundTask(withName: "countersign.rest") { expired() }.rawValue
            }
        }

        public func end(_ assertion: Int) {
            Task { @MainActor in
                UIApplication.shared.endBackgroundTask(UIBackgroundTaskIdentifier(rawValue: assertion))
            }
        }
    }
#endif
