import Countersign

/// A system that grants moments in the background, and remembers what was done with them.
public final class CountedBackground: BackgroundAssertionPort, RefreshPort, RefreshTask {
    /// What was done.
    public enum Deed: Equatable, Sendable {
        case begin
        case end(Int)
        case submit(UInt64)
        case cancel
        case complete(Bool)
    }

    private struct State {
        var deeds: [Deed] = []
        var expirations: [@Sendable () -> Void] = []
    }

    private let state = Locked(State())
    private let isTooLate: Bool

    /// Makes one; if it is too late everything is over as soon as it has begun.
    public init(isTooLate: Bool = false) {
        self.isTooLate = isTooLate
    }

    /// What was done, in order.
    public var deeds: [Deed] { state.withLock { $0.deeds } }

    /// Says that the moment is over.
    public func expire() {
        for expired in state.withLock({ $0.expirations }) { expired() }
    }

    public func begin(expired: @escaping @Sendable () -> Void) -> Int {
        let assertion = state.withLock { state in
            state.deeds.append(.begin)
            state.expirations.append(expired)
            return state.expirations.count
        }
        if isTooLate { expired() }
        return assertion
    }

    public func end(_ assertion: Int) { add(.end(assertion)) }

    public func submit(earliestMs: UInt64) { add(.submit(earliestMs)) }

    public func cancel() { add(.cancel) }

    public func onExpiration(_ expired: @escaping @Sendable () -> Void) {
        state.withLock { $0.expirations.append(expired) }
        if isTooLate { expired() }
    }

    public func complete(success: Bool) { add(.complete(success)) }

    private func add(_ deed: Deed) {
        state.withLock { $0.deeds.append(deed) }
    }
}
