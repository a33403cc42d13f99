import CountersignBindings
import Observation

/// What the app's screens show, as it changes.
@MainActor
@Observable
public final class SessionStore {
    /// All of it; `nil` until it was read for the first time.
    public private(set) var screen: Screen?

    /// What a screen reader says of the time that is left.
    @ObservationIgnored public let announcer = Announcer()

    @ObservationIgnored private let presenter: SessionPresenter
    @ObservationIgnored private var facts = PlatformFacts.everything
    @ObservationIgnored private var latest: (status: Status, readAt: ContinuousClock.Instant)?

    /// Makes a store; ``follow(_:signals:report:)`` fills it.
    public init(presenter: SessionPresenter) {
        self.presenter = presenter
    }

    /// Reads the status at every signal, until the task is cancelled or the node has stopped.
    ///
    /// - Parameters:
    ///   - source: Where the status comes from.
    ///   - signals: When to read it.
    ///   - report: Hears of what went wrong; the next signal reads anew.
    public func follow<C: Clock>(
        _ source: any StatusSource,
        signals: Coalescer<C>,
        report: @escaping @Sendable (NodeError) -> Void
    ) async where C.Duration == Duration {
        await signals.serve {
            do {
                let status = try await source.status()
                await self.show(status, readAt: .now)
                return true
            } catch NodeError.Stopped {
                return false
            } catch {
                report(NodeError(of: error))
                return true
            }
        }
    }

    /// Says what the user lets the app do; again after every return to the foreground.
    public func know(_ facts: PlatformFacts) {
        self.facts = facts
        if let latest { show(latest.status, readAt: latest.readAt) }
    }

    private func show(_ status: Status, readAt: ContinuousClock.Instant) {
        latest = (status, readAt)
        screen = presenter.present(status, readAt: readAt, facts: facts)
    }
}
