import Foundation
import Recording

/// What a test reads of the scheduler, and says in its place; each task has the one that it was given.
package final class BackgroundTaskRecord: Sendable {
    package enum Deed: Equatable, Sendable {
        case register(String)
        /// In how many seconds, rounded.
        case submit(String, inSeconds: Int)
        case cancel(String)
        case complete(String, Bool)
    }

    /// What the scheduler throws where nothing may run.
    package struct Unavailable: Error {}

    private struct State {
        var deeds: [Deed] = []
        var handlers: [String: (BGTask) -> Void] = [:]
        var isRefused = false
    }

    @TaskLocal package static var current = BackgroundTaskRecord()

    private let state = Recorded(State())

    private let timeline: Timeline

    package init(timeline: Timeline = Timeline()) {
        self.timeline = timeline
    }

    package var deeds: [Deed] { state.withLock { $0.deeds } }

    package func refuse() {
        state.withLock { $0.isRefused = true }
    }

    /// Launches a task as the system does.
    package func launch(_ task: BGTask) {
        state.withLock { $0.handlers[task.identifier] }?(task)
    }

    func add(_ deed: Deed) {
        timeline.add("\(deed)")
        state.withLock { $0.deeds.append(deed) }
    }

    func register(_ identifier: String, _ handler: @escaping (BGTask) -> Void) -> Bool {
        add(.register(identifier))
        return state.withLock { state in
            state.handlers.updateValue(handler, forKey: identifier) == nil
        }
    }

    func submit(_ request: BGTaskRequest) throws {
        let seconds = request.earliestBeginDate.map { Int($0.timeIntervalSinceNow.rounded()) } ?? 0
        add(.submit(request.identifier, inSeconds: seconds))
        if state.withLock({ $0.isRefused }) { throw Unavailable() }
    }
}
