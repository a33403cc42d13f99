#if canImport(BackgroundTasks) && !os(macOS)
    import BackgroundTasks
    import Countersign
    import Foundation

    /// The moments of `BGTaskScheduler`.
    public struct SystemRefreshes: RefreshPort {
        private let identifiers: BackgroundIdentifiers
        private let report: @Sendable (any Error) -> Void

        /// Makes the port; `report` hears of what the system refuses, such as in a simulator.
        public init(identifiers: BackgroundIdentifiers, report: @escaping @Sendable (any Error) -> Void = { _ in }) {
            self.identifiers = identifiers
            self.report = report
        }

        public func submit(earliestMs: UInt64) {
            let processing = BGProcessingTaskRequest(identifier: identifiers.processing)
            processing.requiresNetworkConnectivity = true
            for request in [BGAppRefreshTaskRequest(identifier: identifiers.refresh), processing] {
                request.earliestBeginDate = Date(timeIntervalSinceNow: Double(earliestMs) / 1_000)
                do {
                    try BGTaskScheduler.shared.submit(request)
                } catch {
                    report(error)
                }
            }
        }

        public func cancel() {
            for identifier in [identifiers.refresh, identifiers.processing] {
                BGTaskScheduler.shared.cancel(taskRequestWithIdentifier: identifier)
            }
        }
    }

    /// One of these moments.
    final class SystemRefreshTask: RefreshTask {
        private let task: HandedOver<BGTask>

        init(_ task: BGTask) {
            self.task = HandedOver(task)
        }

        func onExpiration(_ expired: @escaping @Sendable () -> Void) {
            task.value.expirationHandler = expired
        }

        func complete(success: Bool) {
            task.value.setTaskCompleted(success: success)
        }
    }

    /// Says what is done with these moments.
    public enum BackgroundRegistration {
        /// Registers for both kinds; before the launch ends, and once.
        ///
        /// - Parameters:
        ///   - identifiers: What the app calls its tasks.
        ///   - use: Uses a moment, as `BackgroundCoordinator.refresh` does, and completes it.
        public static func register(
            _ identifiers: BackgroundIdentifiers,
            use: @escaping @Sendable (any RefreshTask) async -> Void
        ) {
            for identifier in [identifiers.refresh, identifiers.processing] {
                _ = BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { task in
                    let moment = SystemRefreshTask(task)
                    Task { await use(moment) }
                }
            }
        }
    }
#endif
