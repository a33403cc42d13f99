import CountersignBindings

/// Lists why we are not fully connected, or would be late, the weightiest first.
public enum RunReasons {
    /// Puts the core's obstacles, in its order, and the platform's together.
    ///
    /// Without a network the rest is of no use; what is missing of our co-signers weighs less than what we could not be told of.
    public static func list(_ connectivity: Connectivity, facts: PlatformFacts) -> [RunReason] {
        let network = connectivity.reasons.filter(isOfNetwork)
        let peers = connectivity.reasons.filter { !isOfNetwork($0) }
        return network.map(reason) + reasons(of: facts) + peers.map(reason)
    }

    private static func isOfNetwork(_ obstacle: Obstacle) -> Bool {
        switch obstacle {
        case .inBackground, .noNetwork, .networkBlocked, .networkNotValidated: true
        case .noCard, .noCosigner, .notListening, .noRelay, .missing: false
        }
    }

    private static func reason(_ obstacle: Obstacle) -> RunReason {
        switch obstacle {
        case .inBackground: RunReason("in_background")
        case .noNetwork: RunReason("no_network", .openNetworkSettings)
        case .networkBlocked: RunReason("network_blocked", .openAppSettings)
        case .networkNotValidated: RunReason("network_not_validated", .openNetworkSettings)
        case .noCard: RunReason("no_card", .issueCard)
        case .noCosigner: RunReason("no_cosigner", .invite)
        case .notListening: RunReason("not_listening")
        case .noRelay: RunReason("no_relay")
        case .missing(let cosigners): missing(cosigners)
        }
    }

    private static func missing(_ cosigners: UInt64) -> RunReason {
        var reason = RunReason("missing", .connect)
        reason.label = Phrase("reason_missing", count: cosigners)
        return reason
    }

    private static func reasons(of facts: PlatformFacts) -> [RunReason] {
        var reasons: [RunReason] = []
        if !facts.notifications { reasons.append(RunReason("notifications_denied", .allowNotifications)) }
        if !facts.background { reasons.append(RunReason("background_denied", .openAppSettings)) }
        if !facts.timeSensitive { reasons.append(RunReason("time_sensitive_off", .allowTimeSensitive)) }
        if !facts.alarms { reasons.append(RunReason("alarms_denied", .openAppSettings)) }
        if facts.lowPower { reasons.append(RunReason("low_power", .openBatterySettings)) }
        return reasons
    }
}
