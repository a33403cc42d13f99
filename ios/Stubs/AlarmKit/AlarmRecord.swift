import Foundation
import Recording

/// What a test reads of the alarms, and says in the user's and the system's place; each task has the one that it was given.
package final class AlarmRecord: Sendable {
    package enum Deed: Equatable, Sendable {
        case ask
        case schedule(UUID)
        case cancel(UUID)
    }

    /// What the system says of an alarm that it does not have, has already, or may not have.
    package struct Refused: Error {}

    package struct State {
        package var authorization = AlarmManager.AuthorizationState.authorized
        /// What the user answers when asked.
        package var answer = AlarmManager.AuthorizationState.authorized
        package var isFull = false
        package var deeds: [Deed] = []
        /// What the last that was set says.
        package var texts: [String] = []
        fileprivate var alarms: [Alarm] = []
        fileprivate var listeners: [AsyncStream<[Alarm]>.Continuation] = []
    }

    @TaskLocal package static var current = AlarmRecord()

    package let state = Recorded(State())

    package init() {}

    package var alarms: [Alarm] { state.withLock { $0.alarms } }
    package var isFollowed: Bool { state.withLock { !$0.listeners.isEmpty } }
    package var deeds: [Deed] { state.withLock { $0.deeds } }

    /// Lets the user stop one that rings: the system has it no more.
    package func stop(_ id: UUID) {
        change { $0.alarms.removeAll { $0.id == id } }
    }

    func listed() throws -> [Alarm] {
        try state.withLock { state in
            if state.authorization != .authorized { throw Refused() }
            return state.alarms
        }
    }

    func ask() -> AlarmManager.AuthorizationState {
        state.withLock { state in
            state.deeds.append(.ask)
            state.authorization = state.answer
            return state.answer
        }
    }

    func schedule(_ alarm: Alarm, texts: [String]) throws -> Alarm {
        try change { state in
            let isThere = state.alarms.contains { $0.id == alarm.id }
            state.deeds.append(.schedule(alarm.id))
            if state.authorization != .authorized || state.isFull || isThere { throw Refused() }
            state.texts = texts
            state.alarms.append(alarm)
            return alarm
        }
    }

    func cancel(_ id: UUID) throws {
        try change { state in
            state.deeds.append(.cancel(id))
            guard state.alarms.contains(where: { $0.id == id }) else { throw Refused() }
            state.alarms.removeAll { $0.id == id }
        }
    }

    func updates() -> AsyncStream<[Alarm]> {
        AsyncStream { listener in state.withLock { $0.listeners.append(listener) } }
    }

    @discardableResult
    private func change<Result>(_ change: (inout State) throws -> Result) rethrows -> Result {
        let (result, alarms, listeners) = try state.withLock { (try change(&$0), $0.alarms, $0.listeners) }
        for listener in listeners { listener.yield(alarms) }
        return result
    }
}
