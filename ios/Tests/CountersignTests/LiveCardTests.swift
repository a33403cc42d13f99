import Countersign
import Fakes
import Foundation
import Testing

@Suite struct LiveCardTests {
    private static let end = Date(timeIntervalSince1970: 1_000)

    @Test func oneStartsWhileTheAppIsSeenAndOnlyThen() {
        let card = Self.card("a", done: 0)
        #expect(LiveReconciler.reconcile([card], with: [], isSeen: true) == [.start(card)])
        #expect(LiveReconciler.reconcile([card], with: [], isSeen: false).isEmpty)
    }

    @Test func whatLooksTheSameStaysAndWhatIsOverGoes() {
        let shown = [Self.card("a", done: 1), Self.card("b", done: 1)]
        var same = shown[0]
        same.endsAt += 1.9
        #expect(LiveReconciler.reconcile([same], with: shown, isSeen: false) == [.end("b")])
    }

    @Test func whatHasGoneOnOrGotMoreTimeIsChanged() {
        let shown = [Self.card("a", done: 1)]
        let further = Self.card("a", done: 2)
        var longer = shown[0]
        longer.endsAt += 60
        #expect(LiveReconciler.reconcile([further], with: shown, isSeen: false) == [.update(further)])
        #expect(LiveReconciler.reconcile([longer], with: shown, isSeen: true) == [.update(longer)])
    }

    @Test func aSigningGoesOnUntilItIsOverAndOneThatIsUnknownIsOver() {
        let screen = SessionPresenter(resources: PlainResources()).present(
            .make(sessions: [
                .make("begun", phase: .requested, progress: [.init(nonces: true, partials: false)]),
                .make("signed", phase: .ended, outcome: .completed(signatures: .init())),
                .make("declined", phase: .ended, outcome: .declined(slot: 1, reason: .user)),
            ]), readAt: .now)
        #expect(screen.stand(of: "begun") == .goesOn(done: 1, steps: 2))
        #expect(screen.stand(of: "signed") == .over(isSigned: true))
        #expect(screen.stand(of: "declined") == .over(isSigned: false))
        #expect(screen.stand(of: "unknown") == .over(isSigned: false))
    }

    private static func card(_ session: SessionId, done: Int) -> LiveCard {
        LiveCard(session: session, done: done, steps: 4, endsAt: end)
    }
}

@Suite struct LanServiceTests {
    @Test func aRecordReadsBackAndOneWithoutKeyOrAddressDoesNot() {
        let service = LanService(peer: "key", addresses: ["/ip4/10.0.0.1/tcp/1", "/ip6/fd00::1/tcp/2"])
        #expect(LanService(record: service.record) == service)
        #expect(LanService(record: ["peer": "key"]) == nil)
        #expect(LanService(record: ["a0": "/ip4/10.0.0.1/tcp/1"]) == nil)
        #expect(LanService(record: ["peer": "", "a0": "x"]) == nil)
        #expect(LanService(record: ["peer": String(repeating: "x", count: 201), "a0": "x"]) == nil)
    }

    @Test(arguments: [
        ("/ip4/10.1.2.3/udp/4001/quic-v1", true), ("/ip4/172.16.0.1/tcp/1", true), ("/ip4/172.31.0.1/tcp/1", true),
        ("/ip4/192.168.1.1/tcp/1", true), ("/ip4/169.254.1.1/tcp/1", true), ("/ip6/fd12:3456::1/tcp/1", true),
        ("/ip6/fc00::1/tcp/1", true), ("/ip4/172.32.0.1/tcp/1", false), ("/ip4/172.15.0.1/tcp/1", false),
        ("/ip4/8.8.8.8/tcp/1", false), ("/ip4/127.0.0.1/tcp/1", false), ("/ip4/10.0.0/tcp/1", false),
        ("/ip4/10.0.0.256/tcp/1", false), ("/ip6/2001:db8::1/tcp/1", false), ("/ip6/fe80::1/tcp/1", false),
        ("/dns4/example.com/tcp/1", false), ("/ip4/10.0.0.1/tcp/1/p2p/k/p2p-circuit", false), ("10.0.0.1", false),
        ("", false),
    ])
    func ofARecordOnlyAddressesOfTheLocalNetworkAreTaken(address: String, isTaken: Bool) {
        let service = LanService(record: ["peer": "key", "a0": address, "a1": "/ip4/10.0.0.9/tcp/9"])
        #expect(service?.addresses.contains(address) == isTaken)
        #expect(service?.addresses.last == "/ip4/10.0.0.9/tcp/9")
    }

    @Test func whatIsTooManyOrTooLongIsLeftOut() {
        let service = LanService(
            peer: "key", addresses: [String(repeating: "x", count: 201)] + (0..<9).map(String.init))
        #expect(service.addresses == (0..<8).map(String.init))
        #expect(service.record.values.allSatisfy { $0.utf8.count < 250 })
    }
}

@MainActor @Suite struct LeavingCoordinatorTests {
    private final class Deeds {
        var all: [String] = []
    }

    private let deeds = Deeds()
    private let leaving: LeavingCoordinator

    init() {
        let deeds = deeds
        leaving = LeavingCoordinator(rest: { deeds.all.append("rest") }, wake: { deeds.all.append("wake") })
    }

    @Test func whoLeavesRestsAtOnceIfNothingRuns() {
        leaving.left()
        leaving.left()
        leaving.cameBack()
        #expect(deeds.all == ["rest", "wake"])
    }

    @Test func whatRunsIsLetEndBeforeTheRest() {
        let began = leaving.begin() && leaving.begin()
        leaving.left()
        leaving.end()
        #expect(began && deeds.all.isEmpty)
        leaving.end()
        #expect(deeds.all == ["rest"])
    }

    @Test func whatEndsAfterTheReturnRestsNothing() {
        _ = leaving.begin()
        leaving.left()
        leaving.cameBack()
        leaving.end()
        #expect(deeds.all == ["wake"])
    }

    @Test func nothingBeginsWhileItRests() {
        leaving.left()
        let isTooLate = !leaving.begin()
        #expect(isTooLate)
    }
}
