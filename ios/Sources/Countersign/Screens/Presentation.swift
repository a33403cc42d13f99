import CountersignBindings

/// One status on its way to the screens.
struct Presentation {
    let status: Status
    let readAt: ContinuousClock.Instant
    let facts: PlatformFacts
    let wording: Wording
    private let wallets: [WalletCard]

    init(status: Status, readAt: ContinuousClock.Instant, facts: PlatformFacts, wording: Wording) {
        self.status = status
        self.readAt = readAt
        self.facts = facts
        self.wording = wording
        wallets = status.wallets.map(WalletCard.init(of:))
    }

    func screen() -> Screen {
        Screen(
            banners: banners(),
            reasons: RunReasons.list(status.connectivity, facts: facts),
            wallets: wallets,
            sessions: status.sessions.map(card(of:)),
            requests: status.inbox.map(card(of:)),
            badge: Int(clamping: status.badge)
        )
    }

    private func card(of session: SessionStatus) -> SessionCard {
        SessionCard(
            id: session.id,
            wallet: session.wallet,
            proposal: proposal(in: session.wallet, by: session.proposer, of: session),
            message: wording.phrase(session.message),
            phase: session.phase,
            phaseLabel: session.phase.label,
            nonces: segments(of: session, \.nonces),
            partials: segments(of: session, \.partials),
            signed: session.signed,
            endsAt: session.isOver ? nil : moment(inMs: session.remainingMs),
            isExpiring: session.isExpiring,
            blocking: session.blocked.map { blocking(of: session, by: $0) },
            nextAction: session.nextAction,
            nextLabel: session.nextAction?.label,
            outcome: session.outcome,
            isGreyed: session.isOver
        )
    }

    private func segments(of session: SessionStatus, _ part: KeyPath<Progress, Bool>) -> [Segment] {
        session.progress.enumerated().map { Segment(slot: Slot($0.offset), isDone: $0.element[keyPath: part]) }
    }

    private func blocking(of session: SessionStatus, by blocked: Blocked) -> Blocking {
        Blocking(
            label: blocked.by.label,
            whom: blocked.whom.compactMap { row(of: $0, in: session.wallet) },
            until: moment(inMs: blocked.untilMs)
        )
    }

    private func card(of request: Request) -> RequestCard {
        let session = status.sessions.first { $0.id == request.session }
        return RequestCard(
            session: request.session,
            proposal: proposal(in: request.wallet, by: request.proposer, of: session),
            message: wording.phrase(request.message),
            state: request.state,
            stateLabel: request.state.label,
            actions: request.actions,
            signed: session?.signed ?? 0,
            participants: wallet(request.wallet)?.rows.count ?? 0,
            endsAt: request.waits ? moment(inMs: request.remainingMs) : nil,
            isGreyed: !request.waits
        )
    }

    private func proposal(in wallet: WalletId, by proposer: Slot, of session: SessionStatus?) -> Proposal {
        Proposal(
            wallet: self.wallet(wallet)?.name ?? "",
            by: row(of: proposer, in: wallet),
            words: session?.text ?? "",
            items: session?.items ?? 0
        )
    }

    private func banners() -> [Banner] {
        let clock = Banner(label: Phrase("banner_clock_suspect"), role: .error)
        let open = status.sessions.filter { !$0.isOver }
        let expiring = open.filter(\.isExpiring).sorted { $0.remainingMs < $1.remainingMs }
        return (status.clockSuspect ? [clock] : [])
            + expiring.map { Banner(label: Phrase("banner_expiring"), role: .warning, session: $0.id) }
            + open.filter { !$0.blamed.isEmpty }.map { Banner(label: blame($0), role: .error, session: $0.id) }
    }

    private func blame(_ session: SessionStatus) -> Phrase {
        var names: [String] = []
        for name in session.blamed.compactMap({ row(of: $0.slot, in: session.wallet)?.name })
        where !names.contains(name) {
            names.append(name)
        }
        return Phrase("banner_blamed", [.words(wording.list(names))])
    }

    private func wallet(_ id: WalletId) -> WalletCard? { wallets.first { $0.id == id } }

    private func row(of slot: Slot, in wallet: WalletId) -> ParticipantRow? {
        self.wallet(wallet)?.rows.first { $0.slot == slot }
    }

    private func moment(inMs ms: UInt64) -> ContinuousClock.Instant {
        readAt.advanced(by: .milliseconds(Int64(clamping: ms)))
    }
}

extension SessionStatus {
    fileprivate var isOver: Bool { phase == .ended || outcome != nil }
    fileprivate var isExpiring: Bool { warnedMs != nil && !isOver }
    fileprivate var signed: Int { progress.filter(\.partials).count }
}

extension Request {
    fileprivate var waits: Bool {
        switch state {
        case .pending: true
        case .approved, .rejected, .expired, .cancelled, .superseded: false
        }
    }
}
