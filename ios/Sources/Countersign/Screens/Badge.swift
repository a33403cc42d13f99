import CountersignBindings

/// How a participant's link is shown: a text and a colour, and what can be done.
public struct Badge: Equatable, Sendable {
    /// What it says.
    public var label: Phrase
    /// What its colour says.
    public var role: ColourRole
    /// What can be done.
    public var action: RowAction?

    init(_ status: String, _ role: ColourRole, _ action: RowAction? = nil) {
        label = Phrase("status_" + status)
        self.role = role
        self.action = action
    }

    init(of participant: ParticipantStatus) {
        switch participant.link {
        case .myself: self.init("you", .neutral)
        case .unknown: self.init("unknown", .neutral, .invite)
        case .noAddress: self.init("offline", .error, .connect)
        case .dialling: self.init("connecting", .warning, .cancel)
        case .reachable(.direct, _, _), .reachable(.webrtc, _, _): self.init("connected_direct", .success)
        case .reachable(.lan, _, _): self.init("connected_lan", .success)
        case .reachable(.relay, _, _): self.init("connected_relay", .success)
        case .unreachable: self.init(unreachableFor: participant.redialInMs)
        case .away: self.init("away", .neutral, .nudge)
        case .incompatible: self.init("update_needed", .error)
        case .muted: self.init("muted", .error)
        }
    }

    private init(unreachableFor redialInMs: UInt64?) {
        guard let redialInMs else {
            self.init("offline", .error, .connect)
            return
        }
        self.init("reconnecting_in", .warning, .retry)
        label = Phrase("status_reconnecting_in", count: redialInMs / 1_000 + (redialInMs % 1_000 == 0 ? 0 : 1))
    }
}
