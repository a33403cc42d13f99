// The compiler that comes with the systems of 26 is the first that knows these tasks.
#if canImport(BackgroundTasks) && !os(macOS) && (STUBS || compiler(>=6.2))
    import BackgroundTasks
    import Countersign
    import Foundation

    /// Lets a signature that the user has begun end though the app is left: the system shows how far it is, and the user can stop it.
    @MainActor
    @available(iOS 26.0, *)
    public final class ContinuedSigning: ContinuedTaskPort {
        private let identifiers: BackgroundIdentifiers
        private let resources: any ResourcePort
        private let leaving: LeavingCoordinator
        private var registered: Set<String> = []
        private var screen: Screen?
        private var tasks: [SessionId: HandedOver<BGContinuedProcessingTask>] = [:]

        /// Makes one; the app rests once all of them are over.
        public init(identifiers: BackgroundIdentifiers, resources: any ResourcePort, leaving: LeavingCoordinator) {
            self.identifiers = identifiers
            self.resources = resources
            self.leaving = leaving
        }

        public func begin(_ session: SessionId) throws {
            let identifier = identifiers.signing + "." + session.prefix(16)
            if registered.insert(identifier).inserted { register(identifier, of: session) }
            let request = BGContinuedProcessingTaskRequest(
                identifier: identifier,
                title: Phrase("live_title").resolved(by: resources),
                subtitle: Phrase(MessageKey.ongoingRedacted.resource).resolved(by: resources)
            )
            request.strategy = .fail
            try BGTaskScheduler.shared.submit(request)
        }

        public func show(_ screen: Screen) {
            self.screen = screen
            for (session, task) in tasks {
                switch screen.stand(of: session) {
                case .goesOn(let done, let steps):
                    task.value.progress.totalUnitCount = Int64(steps)
                    task.value.progress.completedUnitCount = Int64(done)
                case .over(let isSigned): end(session, success: isSigned)
                }
            }
        }

        public func giveUp(_ session: SessionId) {
            end(session, success: false)
        }

        private func register(_ identifier: String, of session: SessionId) {
            _ = BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { [weak self] task in
                let granted = HandedOver(task)
                Task { @MainActor in
                    guard let task = granted.value as? BGContinuedProcessingTask, let self, self.leaving.begin() else {
                        return granted.value.setTaskCompleted(success: false)
                    }
                    self.tasks[session] = HandedOver(task)
                    task.expirationHandler = { Task { @MainActor [weak self] in self?.end(session, success: false) } }
                    // It may be over before the system has begun.
                    if let screen = self.screen { self.show(screen) }
                }
            }
        }

        private func end(_ session: SessionId, success: Bool) {
            guard let task = tasks.removeValue(forKey: session) else { return }
            task.value.setTaskCompleted(success: success)
            leaving.end()
        }
    }
#endif
