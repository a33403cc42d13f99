/// Waits with going to rest until what must not be interrupted is over: what the user has begun, and the system lets us end.
///
/// Nothing begins in the background: it is only let end there.
@MainActor
public final class LeavingCoordinator {
    private var isAway = false
    private var isResting = false
    private var running = 0
    private let rest: @MainActor () -> Void
    private let wake: @MainActor () -> Void

    /// Makes a coordinator; `rest` and `wake` are what is done then, such as ``BackgroundCoordinator/toBackground()``.
    public init(rest: @escaping @MainActor () -> Void, wake: @escaping @MainActor () -> Void) {
        self.rest = rest
        self.wake = wake
    }

    /// Says that the app is on the screen.
    public func cameBack() {
        isAway = false
        isResting = false
        wake()
    }

    /// Says that it has left the screen.
    public func left() {
        isAway = true
        restIfNothingRuns()
    }

    /// Says that something runs that the system lets end; `false` once it is too late for that.
    public func begin() -> Bool {
        if isResting { return false }
        running += 1
        return true
    }

    /// Says that it is over.
    public func end() {
        running -= 1
        restIfNothingRuns()
    }

    private func restIfNothingRuns() {
        guard isAway, running == 0, !isResting else { return }
        isResting = true
        rest()
    }
}
