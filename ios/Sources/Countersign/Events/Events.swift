import CountersignBindings

/// What the user must hear of, as it happens.
///
/// It ends when the node stops, and has one reader at a time. An event is acknowledged when its reader asks for the next: one whose reader goes away before comes again, also after a restart.
public struct Events: AsyncSequence, Sendable {
    /// Reads events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let queue: EventQueue
        private var read: EventId?

        fileprivate init(queue: EventQueue) {
            self.queue = queue
        }

        /// Says that the event before was dealt with, and waits for another.
        public mutating func next() async throws(NodeError) -> KeptEvent? {
            try await next(isolation: nil)
        }

        /// Does the same on behalf of an actor.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(NodeError) -> KeptEvent? {
            if let read {
                self.read = nil
                try await queue.acknowledge(read)
            }
            let event = try await queue.next()
            read = event?.id
            return event
        }
    }

    private let queue: EventQueue

    /// Makes the events of a node.
    public init(source: any EventSource) {
        queue = EventQueue(source: source)
    }

    /// Begins to read at the oldest event that was not acknowledged.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(queue: queue)
    }
}
