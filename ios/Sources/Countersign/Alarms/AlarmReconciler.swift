import CountersignBindings

/// One step towards the alarms that there should be.
public enum AlarmOperation: Equatable, Sendable {
    /// Set one.
    case set(PlannedAlarm)
    /// Cancel one, also one that rings.
    case cancel(AlarmId)
}

/// Finds what makes the system's alarms equal to what there should be.
public enum AlarmReconciler {
    /// One that has moved by less is the same.
    private static let sameMomentMs: Int64 = 2_000

    /// Returns the operations: what is not wanted goes first, and one that has moved goes before it is set anew.
    public static func reconcile(_ wanted: [PlannedAlarm], with held: [HeldAlarm]) -> [AlarmOperation] {
        let kept = Set(wanted.map(\.id))
        let gone = held.filter { !kept.contains($0.id) }.map { AlarmOperation.cancel($0.id) }
        return gone
            + wanted.filter { !$0.isTooLate }.flatMap { alarm -> [AlarmOperation] in
                guard let there = held.first(where: { $0.id == alarm.id }) else { return [.set(alarm)] }
                return isSame(there, alarm) ? [] : [.cancel(alarm.id), .set(alarm)]
            }
    }

    private static func isSame(_ held: HeldAlarm, _ alarm: PlannedAlarm) -> Bool {
        guard let at = held.at else { return false }
        return (Int64(clamping: at) - Int64(clamping: alarm.at)).magnitude < sameMomentMs
    }
}
