import CountersignBindings

/// Tells the core of the network, a moment after it has changed: a phone that changes networks says so many times over.
public final class NetworkKeeper<C: Clock>: Sendable where C.Duration == Duration {
    private let node: any NetworkSink
    private let signals: Coalescer<C>
    private let report: @Sendable (NodeError) -> Void
    private let reducer = Locked(NetworkReducer())

    /// Makes a keeper; it works in ``run()``.
    ///
    /// - Parameters:
    ///   - node: Where the network's state goes.
    ///   - clock: What a moment is measured by.
    ///   - report: Hears of what went wrong; the next change tries again.
    public init(node: any NetworkSink, clock: C, report: @escaping @Sendable (NodeError) -> Void = { _ in }) {
        self.node = node
        self.report = report
        signals = Coalescer(after: .milliseconds(300), clock: clock)
    }

    /// Takes what the system says; from any thread, and returns at once.
    public func changed(_ path: NetworkPath) {
        if reducer.withLock({ $0.reduce(path) }) != nil { signals.signal() }
    }

    /// Tells the core until the task is cancelled or the node has stopped.
    public func run() async {
        await signals.serve {
            guard let state = reducer.withLock({ $0.state }) else { return true }
            do {
                try await node.onNetworkChanged(network: state)
                return true
            } catch NodeError.Stopped {
                return false
            } catch {
                report(NodeError(of: error))
                return true
            }
        }
    }
}
