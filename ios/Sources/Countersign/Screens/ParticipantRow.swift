import CountersignBindings

/// A participant of a wallet, as one row.
public struct ParticipantRow: Equatable, Sendable {
    /// Its slot.
    public var slot: Slot
    /// Its key.
    public var key: ParticipantKey
    /// Its nickname, or its key, shortened.
    public var name: String
    /// Whether it is the user.
    public var isYou: Bool
    /// What stands for its face.
    public var avatar: Avatar
    /// How its link is shown.
    public var badge: Badge
    /// How long it takes to answer, in milliseconds.
    public var rttMs: UInt64?
    /// When anything last came from it.
    public var lastSeen: WallTime?

    init(of participant: ParticipantStatus) {
        let nickname = PeerName.clean(participant.nickname ?? "")
        slot = participant.slot
        key = participant.key
        name = nickname.isEmpty ? "\(key.prefix(6))…\(key.suffix(4))" : nickname
        isYou = participant.link == .myself
        avatar = Avatar(key: key, name: name)
        badge = Badge(of: participant)
        lastSeen = participant.lastSeen
        if case .reachable(_, let rttUs?, _) = participant.link { rttMs = rttUs / 1_000 }
    }
}
