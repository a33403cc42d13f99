import CountersignBindings

/// Makes what screens show of the core's status; the same of the same.
public struct SessionPresenter: Sendable {
    private let wording: Wording

    /// Makes a presenter with the app's resources.
    public init(resources: any ResourcePort) {
        wording = Wording(resources: resources)
    }

    /// Presents a status that was read at this moment; `facts` is what the user lets the app do.
    public func present(
        _ status: Status, readAt: ContinuousClock.Instant, facts: PlatformFacts = .everything
    ) -> Screen {
        Presentation(status: status, readAt: readAt, facts: facts, wording: wording).screen()
    }
}
