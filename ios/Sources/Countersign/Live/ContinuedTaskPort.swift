import CountersignBindings

/// Lets a signing that the user has begun end though the app is left.
@MainActor
public protocol ContinuedTaskPort {
    /// Asks the system for it, right after the user has said yes on the screen; throws if it cannot now.
    func begin(_ session: SessionId) throws

    /// Says how far everything is that is being signed.
    func show(_ screen: Screen)

    /// Says that a signing has not come about.
    func giveUp(_ session: SessionId)
}
