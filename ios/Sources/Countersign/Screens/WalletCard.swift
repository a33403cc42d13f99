import CountersignBindings

/// A wallet and its participants, by slot.
public struct WalletCard: Equatable, Sendable {
    /// Its id.
    public var id: WalletId
    /// What its user calls it.
    public var name: String
    /// Its participants.
    public var rows: [ParticipantRow]

    init(of wallet: WalletStatus) {
        id = wallet.id
        name = PeerName.clean(wallet.name)
        rows = wallet.participants.map(ParticipantRow.init(of:))
    }
}
