/// What keeps a session from going on.
public struct Blocking: Equatable, Sendable {
    /// What.
    public var label: Phrase
    /// Whose part it is; empty if nobody's.
    public var whom: [ParticipantRow]
    /// Until when at the latest.
    public var until: ContinuousClock.Instant
}
