import CountersignBindings

/// A session, as a card.
public struct SessionCard: Equatable, Sendable {
    /// Its id.
    public var id: SessionId
    /// Its wallet.
    public var wallet: WalletId
    /// What is signed.
    public var proposal: Proposal
    /// What to say of it.
    public var message: Phrase
    /// How far it is.
    public var phase: Phase
    /// How far it is, in words.
    public var phaseLabel: Phrase
    /// The first round, a segment each participant.
    public var nonces: [Segment]
    /// The second round.
    public var partials: [Segment]
    /// How many of the participants have signed.
    public var signed: Int
    /// When it expires, if it is not over.
    public var endsAt: ContinuousClock.Instant?
    /// Whether the user was warned of its end.
    public var isExpiring: Bool
    /// What keeps it from going on.
    public var blocking: Blocking?
    /// What the user can do.
    public var nextAction: NextAction?
    /// What the user can do, in words.
    public var nextLabel: Phrase?
    /// How it ended.
    public var outcome: Outcome?
    /// Whether it is over.
    public var isGreyed: Bool
}
