import Countersign
import Fakes
import Foundation
import Testing

@Suite struct SessionPresenterTests {
    private let presenter = SessionPresenter(resources: PlainResources())
    private let readAt = ContinuousClock.now

    private static let three = WalletStatus.make([
        .make(0, .myself, nickname: "Me"), .make(1, .away, nickname: "Ada Lovelace King"), .make(2, .unknown),
    ])

    @Test(arguments: [
        (LinkState.myself, "status_you", ColourRole.neutral, RowAction?.none),
        (.reachable(path: .direct, rttUs: nil, clockAheadMs: nil), "status_connected_direct", .success, nil),
        (.reachable(path: .webrtc, rttUs: nil, clockAheadMs: nil), "status_connected_direct", .success, nil),
        (.reachable(path: .lan, rttUs: nil, clockAheadMs: nil), "status_connected_lan", .success, nil),
        (.reachable(path: .relay, rttUs: nil, clockAheadMs: nil), "status_connected_relay", .success, nil),
        (.dialling, "status_connecting", .warning, .cancel),
        (.unreachable(why: .noAnswer), "status_offline", .error, .connect),
        (.noAddress, "status_offline", .error, .connect),
        (.away, "status_away", .neutral, .nudge),
        (.unknown, "status_unknown", .neutral, .invite),
        (.incompatible, "status_update_needed", .error, nil),
        (.muted, "status_muted", .error, nil),
    ])
    func everyLinkHasALabelAColourAndOneActionOrNone(
        link: LinkState, label: String, role: ColourRole, action: RowAction?
    ) throws {
        let badge = try row(.make(0, link)).badge
        #expect(badge.label == Phrase(label) && badge.role == role && badge.action == action)
    }

    @Test(arguments: [(1_000, 1), (1_001, 2), (0, 0)] as [(UInt64, UInt64)])
    func whoeverIsDialledAgainSaysInHowManySeconds(ms: UInt64, seconds: UInt64) throws {
        let badge = try row(.make(0, .unreachable(why: nil), redialInMs: ms)).badge
        #expect(badge.label == Phrase("status_reconnecting_in", count: seconds))
        #expect(badge.role == .warning && badge.action == .retry)
    }

    @Test func aRowHasANameAFaceAndTheTimeOfAnAnswer() throws {
        let ada = try row(
            .make(3, .reachable(path: .lan, rttUs: 2_900, clockAheadMs: nil), nickname: " ada\u{202E}  lovelace x"))
        #expect(ada.name == "ada lovelace x" && ada.avatar.initials == "AL" && ada.avatar.hue == 0x01f3 % 360)
        #expect(ada.rttMs == 2 && ada.lastSeen == 7 && !ada.isYou)

        let nobody = try row(.make(4, .myself, nickname: "\u{200F}"))
        #expect(nobody.name == "020000…01f4" && nobody.avatar.initials == "0" && nobody.isYou)
        #expect(presenter.present(.make(wallets: [Self.three]), readAt: readAt).wallets.map(\.name) == ["Family"])
    }

    @Test func aSessionShowsItsRoundsWhatBlocksItAndWhatToDo() throws {
        let session = SessionStatus.make(
            phase: .partials,
            progress: [
                Progress(nonces: true, partials: true), Progress(nonces: true, partials: false),
                Progress(nonces: false, partials: false),
            ],
            blocked: Blocked(by: .partials, whom: [1, 2], untilMs: 5_000),
            nextAction: .connect
        )
        let card = try card(of: session)

        #expect(
            card.nonces.map(\.isDone) == [true, true, false] && card.partials.map(\.isDone) == [true, false, false])
        #expect(card.nonces.map(\.slot) == [0, 1, 2] && card.signed == 1)
        #expect(card.phaseLabel == Phrase("phase_partials") && card.nextLabel == Phrase("next_connect"))
        #expect(card.blocking?.label == Phrase("blocked_partials") && card.blocking?.whom.map(\.slot) == [1, 2])
        #expect(card.blocking?.until == readAt + .seconds(5) && card.endsAt == readAt + .seconds(60))
        #expect(card.message == Phrase("message_ongoing", [.count(1), .count(3)], quantity: 1))
        #expect(card.proposal.words == "Rent" && card.proposal.by?.name == "Ada Lovelace King")
        #expect(card.proposal.items == 2 && card.proposal.wallet == "Family" && !card.isGreyed)
    }

    @Test(arguments: [
        Outcome.completed(signatures: .init()), .declined(slot: 1, reason: .user), .cancelled, .expired,
        .failed(why: .internal),
    ])
    func aSessionThatIsOverIsGreyedAndCountsNoMore(outcome: Outcome) throws {
        let card = try card(of: .make(phase: .ended, warnedMs: 60_000, outcome: outcome))
        #expect(card.isGreyed && card.endsAt == nil && card.outcome == outcome && !card.isExpiring)
    }

    @Test(arguments: [
        (RequestState.pending, "request_pending", false), (.approved, "request_approved", true),
        (.rejected, "request_rejected", true), (.expired, "request_expired", true),
        (.cancelled, "request_cancelled", true), (.superseded, "request_superseded", true),
    ])
    func aRequestIsGreyedOnceItWaitsNoMore(state: RequestState, label: String, isGreyed: Bool) throws {
        let progress = Array(repeating: Progress(nonces: true, partials: true), count: 2)
        let status = Status.make(
            wallets: [Self.three], sessions: [.make(progress: progress)], inbox: [.make(state)], badge: 1)
        let screen = presenter.present(status, readAt: readAt)
        let card = try #require(screen.requests.first)

        #expect(card.stateLabel == Phrase(label) && card.isGreyed == isGreyed)
        #expect(card.endsAt == (isGreyed ? nil : readAt + .seconds(60)))
        #expect(card.message == Phrase("message_request_from", [.words("\u{2068}Ada\u{2069}")]))
        #expect(card.signed == 2 && card.participants == 3 && card.actions == [.approve, .reject])
        #expect(card.proposal.by?.slot == 1 && screen.badge == 1)
    }

    @Test func bannersSayWhatIsWrongAndWhatEndsSoonTheSoonestFirst() {
        let status = Status.make(
            wallets: [Self.three],
            sessions: [
                .make("late", remainingMs: 90_000, warnedMs: 120_000),
                .make("soon", remainingMs: 30_000, warnedMs: 60_000),
                .make("over", phase: .ended, warnedMs: 60_000, outcome: .expired),
                .make(
                    "blamed",
                    blamed: [Blamed(slot: 1, offence: .equivocation), Blamed(slot: 1, offence: .wrongPartial)]),
            ],
            clockSuspect: true
        )

        let blame = Phrase("banner_blamed", [.words("\u{2068}Ada Lovelace King\u{2069}")])
        #expect(
            presenter.present(status, readAt: readAt).banners == [
                Banner(label: Phrase("banner_clock_suspect"), role: .error),
                Banner(label: Phrase("banner_expiring"), role: .warning, session: "soon"),
                Banner(label: Phrase("banner_expiring"), role: .warning, session: "late"),
                Banner(label: blame, role: .error, session: "blamed"),
            ])
    }

    private func row(_ participant: ParticipantStatus) throws -> ParticipantRow {
        let screen = presenter.present(.make(wallets: [.make([participant])]), readAt: readAt)
        return try #require(screen.wallets.first?.rows.first)
    }

    private func card(of session: SessionStatus) throws -> SessionCard {
        let screen = presenter.present(.make(wallets: [Self.three], sessions: [session]), readAt: readAt)
        return try #require(screen.sessions.first)
    }
}
