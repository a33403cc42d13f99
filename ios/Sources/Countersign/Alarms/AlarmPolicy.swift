import CountersignBindings

/// Decides which alarms there should be.
public enum AlarmPolicy {
    /// One that is set later than this could come after the user has put it off.
    private static let leastLeadMs: UInt64 = 10_000

    /// Returns one for each session that goes on and waits for its user: at the last warning before its end.
    public static func alarms(_ plan: Plan, of status: Status) -> [PlannedAlarm] {
        status.sessions.filter { $0.outcome == nil && waitsForUser($0, status) }
            .compactMap { session in lastWarning(plan.items, of: session.id).flatMap(alarm) }
    }

    private static func waitsForUser(_ session: SessionStatus, _ status: Status) -> Bool {
        // Nothing is signed in the background: who has not signed yet must come back, whatever else is missing.
        if status.background, !status.hasSigned(session) { return true }
        return session.nextAction.map(isTheUsers) ?? false
    }

    /// Who waits for others cannot do anything about it.
    private static func isTheUsers(_ action: NextAction) -> Bool {
        switch action {
        case .answer, .unlock, .open, .setClock, .agreeToExtension: true
        case .connect, .wait: false
        }
    }

    private static func lastWarning(_ items: [PlannedNotification], of session: SessionId) -> PlannedNotification? {
        items.filter { $0.link.session == session && $0.warnsMs != nil }
            .min { ($0.warnsMs ?? 0) < ($1.warnsMs ?? 0) }
    }

    private static func alarm(_ warning: PlannedNotification) -> PlannedAlarm? {
        guard let id = AlarmId(warning.key) else { return nil }
        return PlannedAlarm(
            id: id, key: warning.key, at: warning.fireAt,
            isTooLate: warning.due != .later || warning.fireInMs < leastLeadMs,
            title: Phrase(warning.redacted.resource))
    }
}

extension Status {
    /// Whether the user's own contributions to a session are all there.
    fileprivate func hasSigned(_ session: SessionStatus) -> Bool {
        let wallet = wallets.first { $0.id == session.wallet }
        guard let own = wallet?.participants.first(where: { $0.link == .myself }) else { return false }
        return session.progress.indices.contains(Int(own.slot)) && session.progress[Int(own.slot)].partials
    }
}

extension PlannedNotification {
    /// How long before the end it warns, if that is what it does.
    fileprivate var warnsMs: UInt64? {
        switch notice {
        case .warning(let thresholdMs): thresholdMs
        case .request, .ongoing, .expired: nil
        }
    }
}
