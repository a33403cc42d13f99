/// Ends something exactly once: as soon as it is known with what, and it is time.
final class Ending<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var isDue = false
        var isOver = false
    }

    private let state = Locked(State())
    private let end: @Sendable (Value) -> Void

    init(_ end: @escaping @Sendable (Value) -> Void) {
        self.end = end
    }

    /// Says with what; the first word counts.
    func know(_ value: Value) {
        change { $0.value = $0.value ?? value }
    }

    /// Says that it is time.
    func isDue() {
        change { $0.isDue = true }
    }

    private func change(_ change: (inout State) -> Void) {
        let value = state.withLock { state -> Value? in
            change(&state)
            guard state.isDue, !state.isOver, let value = state.value else { return nil }
            state.isOver = true
            return value
        }
        if let value { end(value) }
    }
}
