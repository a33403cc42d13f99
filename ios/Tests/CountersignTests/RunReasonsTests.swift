import Countersign
import Testing

@Suite struct RunReasonsTests {
    private static let all = PlatformFacts(notifications: true, background: true, timeSensitive: true, lowPower: false)

    @Test func whatStandsInTheWayOfEverythingComesFirst() {
        let connectivity = Connectivity(
            state: .offline, reasons: [.noNetwork, .noCard, .missing(cosigners: 2)], relays: [])
        let facts = PlatformFacts(notifications: false, background: false, timeSensitive: false, lowPower: true)

        let reasons = RunReasons.list(connectivity, facts: facts)

        #expect(
            reasons.map(\.label) == [
                Phrase("reason_no_network"), Phrase("reason_notifications_denied"), Phrase("reason_background_denied"),
                Phrase("reason_time_sensitive_off"), Phrase("reason_low_power"), Phrase("reason_no_card"),
                Phrase("reason_missing", count: 2),
            ])
        #expect(
            reasons.map(\.remedy) == [
                .openNetworkSettings, .allowNotifications, .openAppSettings, .allowTimeSensitive, .openBatterySettings,
                .issueCard, .connect,
            ])
    }

    @Test(arguments: [
        (Obstacle.inBackground, "reason_in_background", Remedy?.none),
        (.networkBlocked, "reason_network_blocked", .openAppSettings),
        (.networkNotValidated, "reason_network_not_validated", .openNetworkSettings),
        (.noCosigner, "reason_no_cosigner", .invite), (.notListening, "reason_not_listening", nil),
        (.noRelay, "reason_no_relay", nil),
    ])
    func everyObstacleHasAReason(obstacle: Obstacle, label: String, remedy: Remedy?) {
        let reasons = RunReasons.list(Connectivity(state: .partly, reasons: [obstacle], relays: []), facts: Self.all)
        #expect(reasons.map(\.label) == [Phrase(label)] && reasons.map(\.remedy) == [remedy])
    }

    @Test func whoeverIsConnectedAndAllowedEverythingHasNoReason() {
        #expect(RunReasons.list(Connectivity(state: .fully, reasons: [], relays: []), facts: Self.all).isEmpty)
    }
}
