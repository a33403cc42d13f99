import Countersign

/// A system that holds and shows what it is told to, and remembers everything.
public final class RecordingNotifications: NotificationPort {
    private struct State {
        var held = Held()
        var operations: [PlanOperation] = []
        var refused: Set<NotificationKey> = []
    }

    /// Says that it refuses.
    public struct Refused: Error {}

    public let capabilities: Capabilities
    private let state = Locked(State())

    /// Makes one that has nothing.
    public init(prescheduled: Bool = true) {
        capabilities = Capabilities(maxPending: 60, canPreschedule: prescheduled, liveUpdate: false)
    }

    /// What it was told, in order.
    public var operations: [PlanOperation] { state.withLock { $0.operations } }

    /// What it has.
    public var has: Held { state.withLock { $0.held } }

    /// Refuses these from now on.
    public func refuse(_ keys: Set<NotificationKey>) {
        state.withLock { $0.refused = keys }
    }

    public func place(of item: PlannedNotification) -> String { item.key }

    public func held() -> Held { has }

    public func apply(_ operation: PlanOperation) throws {
        try state.withLock { state in
            if let item = operation.item, state.refused.contains(item.key) { throw Refused() }
            state.operations.append(operation)
            state.held.apply(operation, placeOf: \.key)
        }
    }
}
