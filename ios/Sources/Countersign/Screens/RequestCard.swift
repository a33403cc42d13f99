import CountersignBindings

/// What a co-signer asks, as a card.
public struct RequestCard: Equatable, Sendable {
    /// The session.
    public var session: SessionId
    /// What is to be signed.
    public var proposal: Proposal
    /// What to say of it.
    public var message: Phrase
    /// What has become of it.
    public var state: RequestState
    /// What has become of it, in words.
    public var stateLabel: Phrase
    /// What the user can do.
    public var actions: [Action]
    /// How many have signed.
    public var signed: Int
    /// How many participants there are.
    public var participants: Int
    /// When it expires, if it waits for an answer.
    public var endsAt: ContinuousClock.Instant?
    /// Whether it waits no more.
    public var isGreyed: Bool
}
