import Countersign

/// A core that only has events.
public final class QueuedEvents: EventSource {
    private struct State {
        var events: [KeptEvent] = []
        var waiting: [CheckedContinuation<Void, Never>] = []
        var handled: [EventId] = []
        var hasStopped = false
        var fault: NodeError?
    }

    private let state = Locked(State())

    /// Makes one without events.
    public init() {}

    /// What was dealt with, in order.
    public var handled: [EventId] { state.withLock { $0.handled } }

    /// How many calls wait for an event.
    public var waiting: Int { state.withLock { $0.waiting.count } }

    /// Lets something happen.
    public func happen(_ id: EventId) {
        let event = KeptEvent(id: id, event: SessionEvent(wallet: "w", session: "s", what: .proposed))
        wake { $0.events.append(event) }
    }

    /// Stops.
    public func stop() {
        wake { $0.hasStopped = true }
    }

    /// Fails the next call.
    public func fail(with fault: NodeError) {
        wake { $0.fault = fault }
    }

    public func nextEvent() async throws -> KeptEvent {
        while true {
            let event = try state.withLock { state -> KeptEvent? in
                if state.hasStopped { throw NodeError.Stopped }
                if let fault = state.fault {
                    state.fault = nil
                    throw fault
                }
                return state.events.first
            }
            if let event { return event }
            await withCheckedContinuation { waiting in
                let isOver = state.withLock { state in
                    let isOver = state.hasStopped || state.fault != nil || !state.events.isEmpty
                    if !isOver { state.waiting.append(waiting) }
                    return isOver
                }
                if isOver { waiting.resume() }
            }
        }
    }

    public func eventHandled(id: EventId) {
        state.withLock { state in
            state.events.removeAll { $0.id == id }
            state.handled.append(id)
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }
}
