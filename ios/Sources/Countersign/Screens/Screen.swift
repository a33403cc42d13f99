/// Everything that screens show.
public struct Screen: Equatable, Sendable {
    /// What they say above everything else.
    public var banners: [Banner]
    /// Why we are not fully connected, or would be late, the weightiest first.
    public var reasons: [RunReason]
    /// The wallets.
    public var wallets: [WalletCard]
    /// The sessions.
    public var sessions: [SessionCard]
    /// What co-signers ask.
    public var requests: [RequestCard]
    /// How many requests wait for an answer.
    public var badge: Int
}
