import CountersignBindings

/// Where events come from.
public protocol EventSource: Sendable {
    /// Waits for the oldest event that was not dealt with.
    func nextEvent() async throws -> KeptEvent

    /// Says that it was dealt with.
    func eventHandled(id: EventId) async throws
}

extension Node: EventSource {}
