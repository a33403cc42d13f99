import Foundation
import Recording

/// What a test reads of the application, and says in its place; each task has the one that it was given.
package final class ApplicationRecord: Sendable {
    package enum Deed: Equatable, Sendable {
        case begin(String)
        case end(Int)
    }

    package struct State {
        package var applicationState = UIApplication.State.active
        package var refreshStatus = UIBackgroundRefreshStatus.available
        package var opened: [String] = []
        fileprivate var deeds: [Deed] = []
        fileprivate var expirations: [@MainActor @Sendable () -> Void] = []
    }

    @TaskLocal package static var current = ApplicationRecord()

    package let state = Recorded(State())
    @MainActor package var scenes: Set<UIScene> = []

    private let timeline: Timeline

    package init(timeline: Timeline = Timeline()) {
        self.timeline = timeline
    }

    package var deeds: [Deed] { state.withLock { $0.deeds } }

    /// Says that the time of everything that was begun is over.
    @MainActor package func expire() {
        for expired in state.withLock({ $0.expirations }) { expired() }
    }

    func add(_ deed: Deed) {
        timeline.add("\(deed)")
        state.withLock { $0.deeds.append(deed) }
    }

    func begin(_ name: String, _ expired: (@MainActor @Sendable () -> Void)?) -> UIBackgroundTaskIdentifier {
        add(.begin(name))
        return state.withLock { state in
            state.expirations.append(expired ?? {})
            return UIBackgroundTaskIdentifier(rawValue: state.expirations.count)
        }
    }
}
