import Countersign
import Testing

@Suite struct RunReasonsTests {
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
        let reasons = RunReasons.list(Connectivity(state: .partly, reasons: [obstacle], relays: []), facts: .everything)
        #expect(reasons.map(\.label) == [Phrase(label)] && reasons.map(\.remedy) == [remedy])
    }

    @Test(arguments: [
        (Remedy.openNetworkSettings, "remedy_open"), (.openAppSettings, "remedy_open"),
        (.openBatterySettings, "remedy_open"), (.allowNotifications, "remedy_allow"),
        (.allowTimeSensitive, "remedy_allow"), (.issueCard, "remedy_issue_card"), (.invite, "row_invite"),
        (.connect, "remedy_connect"),
    ])
    func everyRemedyHasAButton(remedy: Remedy, label: String) {
        #expect(remedy.label == Phrase(label))
    }

    @Test func alarmsThatAreForbiddenAreAReason() {
        var facts = PlatformFacts.everything
        facts.alarms = false
        let reasons = RunReasons.list(Connectivity(state: .fully, reasons: [], relays: []), facts: facts)
        #expect(reasons.map(\.label) == [Phrase("reason_alarms_denied")])
        #expect(reasons.map(\.remedy) == [.openAppSettings])
    }

    @Test func whoeverIsConnectedAndAllowedEverythingHasNoReason() {
        #expect(RunReasons.list(Connectivity(state: .fully, reasons: [], relays: []), facts: .everything).isEmpty)
    }
}
