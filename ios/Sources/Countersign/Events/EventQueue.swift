import CountersignBindings

/// Waits for events on behalf of readers that may go away.
///
/// A call over the bindings cannot be cancelled, so one that waits outlives its reader, and serves the next.
actor EventQueue {
    typealias Pulled = Result<KeptEvent, NodeError>

    private let source: any EventSource
    private var isPulling = false
    private var readers: [UInt64: CheckedContinuation<Pulled?, Never>] = [:]
    private var lastTicket: UInt64 = 0

    init(source: any EventSource) {
        self.source = source
    }

    /// Returns the oldest event that was not dealt with, or `nil` once the task is cancelled or the node has stopped.
    func next() async throws(NodeError) -> KeptEvent? {
        lastTicket += 1
        let ticket = lastTicket
        let pulled = await withTaskCancellationHandler {
            await withCheckedContinuation { (reader: CheckedContinuation<Pulled?, Never>) in
                readers[ticket] = reader
                pull()
            }
        } onCancel: {
            // Gets its turn once the reader is among those that wait.
            Task { await giveUp(ticket) }
        }
        switch pulled {
        case .success(let event): return event
        case .failure(.Stopped), nil: return nil
        case .failure(let error): throw error
        }
    }

    func acknowledge(_ id: EventId) async throws(NodeError) {
        do {
            try await source.eventHandled(id: id)
        } catch {
            throw NodeError(of: error)
        }
    }

    private func pull() {
        guard !isPulling else { return }
        isPulling = true
        Task {
            do {
                arrived(.success(try await source.nextEvent()))
            } catch {
                arrived(.failure(NodeError(of: error)))
            }
        }
    }

    /// An event that nobody waits for any more comes again.
    private func arrived(_ pulled: Pulled) {
        isPulling = false
        for reader in readers.values { reader.resume(returning: pulled) }
        readers = [:]
    }

    private func giveUp(_ ticket: UInt64) {
        readers.removeValue(forKey: ticket)?.resume(returning: nil)
    }
}
