/// What is to be signed, as its proposer describes it.
public struct Proposal: Equatable, Sendable {
    /// What the user calls the wallet.
    public var wallet: String
    /// Whose words they are.
    public var by: ParticipantRow?
    /// The proposer's own: nothing checks them, and the screen says so.
    public var words: String
    /// How many things are signed.
    public var items: UInt64
}
