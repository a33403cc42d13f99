import CountersignBindings

/// What hears of the app's life.
public protocol Lifecycle: Sendable {
    /// Says that the app is in the foreground.
    func onForeground() async throws -> ForegroundReport

    /// Says that the app goes to the background; returns when nothing is left open, after `graceMs` at the latest.
    func onBackground(graceMs: UInt64) async throws -> SuspendReport

    /// Uses a moment that the system grants.
    func runBackgroundSlice(request: SliceRequest) async throws -> SliceReport

    /// Ends the moment that runs; one that has not begun is not ended.
    func cancelSlice()
}

extension Node: Lifecycle {}
