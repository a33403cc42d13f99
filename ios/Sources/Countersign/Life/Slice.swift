import CountersignBindings

/// A moment that the system grants, and somebody who waits for what comes of it.
final class Slice: Sendable {
    let request: SliceRequest
    let prepare: @Sendable () async -> Void
    /// Ends when nobody wants it any more.
    let cancellation: AsyncStream<Never>

    private let cancels: AsyncStream<Never>.Continuation
    private let cancelled = Locked(false)
    private let waiting: CheckedContinuation<SliceReport?, Never>

    init(
        _ request: SliceRequest,
        prepare: @escaping @Sendable () async -> Void,
        waiting: CheckedContinuation<SliceReport?, Never>
    ) {
        self.request = request
        self.prepare = prepare
        self.waiting = waiting
        (cancellation, cancels) = AsyncStream.makeStream(of: Never.self)
    }

    var isCancelled: Bool { cancelled.withLock { $0 } }

    func cancel() {
        cancelled.withLock { $0 = true }
        cancels.finish()
    }

    /// Says what came of it: once.
    func end(_ report: SliceReport?) {
        waiting.resume(returning: report)
    }
}
