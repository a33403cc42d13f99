import CountersignBindings

/// Passes on that something has changed.
final class Changes<C: Clock>: Observer where C.Duration == Duration {
    private let listeners: [Coalescer<C>]

    init(to listeners: [Coalescer<C>]) {
        self.listeners = listeners
    }

    func onChange() {
        for listener in listeners { listener.signal() }
    }
}
