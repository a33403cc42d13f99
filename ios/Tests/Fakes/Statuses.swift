import Countersign

extension Status {
    /// Makes one of a co-signer that is fully connected.
    public static func make(
        wallets: [WalletStatus] = [],
        sessions: [SessionStatus] = [],
        inbox: [Request] = [],
        badge: UInt64 = 0,
        clockSuspect: Bool = false,
        background: Bool = false,
        connectivity: Connectivity = Connectivity(state: .fully, reasons: [], relays: [])
    ) -> Status {
        Status(
            participant: "02aa",
            transport: "aa",
            card: nil,
            clockSuspect: clockSuspect,
            background: background,
            connectivity: connectivity,
            presence: nil,
            wallets: wallets,
            sessions: sessions,
            inbox: inbox,
            badge: badge
        )
    }
}

extension ParticipantStatus {
    /// Makes one by its slot and its link.
    public static func make(
        _ slot: Slot,
        _ link: LinkState,
        nickname: String? = nil,
        redialInMs: UInt64? = nil
    ) -> ParticipantStatus {
        ParticipantStatus(
            slot: slot,
            key: "02" + String(repeating: "0", count: 60) + "01f\(slot)",
            nickname: nickname,
            transport: nil,
            link: link,
            presence: nil,
            lastSeen: 7,
            failedDials: 0,
            tried: [],
            redialInMs: redialInMs
        )
    }
}

extension WalletStatus {
    /// Makes one with a name that is made up to deceive.
    public static func make(_ participants: [ParticipantStatus]) -> WalletStatus {
        WalletStatus(id: "w", name: "Fami\u{202E}ly", aggregateKey: "cc", participants: participants)
    }
}

extension SessionStatus {
    /// Makes one that goes on.
    public static func make(
        _ id: SessionId = "s",
        phase: Phase = .nonces,
        progress: [Progress] = [],
        remainingMs: UInt64 = 60_000,
        warnedMs: UInt64? = nil,
        message: Message = Message(key: .ongoing, args: [.count(1), .count(3)]),
        blocked: Blocked? = nil,
        nextAction: NextAction? = nil,
        blamed: [Blamed] = [],
        outcome: Outcome? = nil
    ) -> SessionStatus {
        SessionStatus(
            id: id,
            wallet: "w",
            proposer: 1,
            items: 2,
            text: "Rent",
            phase: phase,
            attempt: 1,
            beginsInMs: nil,
            progress: progress,
            waitsFor: [],
            deadline: 0,
            remainingMs: remainingMs,
            askedUntil: nil,
            warnedMs: warnedMs,
            message: message,
            blocked: blocked,
            nextAction: nextAction,
            blamed: blamed,
            outcome: outcome
        )
    }
}

extension Request {
    /// Makes one of a co-signer with a name.
    public static func make(_ state: RequestState, session: SessionId = "s") -> Request {
        Request(
            session: session,
            wallet: "w",
            proposer: 1,
            state: state,
            message: Message(key: .requestFrom, args: [.name("Ada")]),
            actions: [.approve, .reject],
            dismissed: false,
            remainingMs: 60_000
        )
    }
}
