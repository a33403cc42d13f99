import Countersign

/// The system's alarms, on every system: those before 26 have none.
public enum Alarms {
    /// Returns them; `nil` where there are none. `isWanted` is the user's own switch in the app.
    public static func ofSystem(
        resources: any ResourcePort, isWanted: @escaping @Sendable () -> Bool
    ) -> (any AlarmPort)? {
        #if canImport(AlarmKit) && !os(macOS) && (STUBS || compiler(>=6.2))
            if #available(iOS 26.0, *) { return SystemAlarms(resources: resources, isWanted: isWanted) }
        #endif
        return nil
    }

    /// Asks the user, when the switch is turned on; `false` if the answer is no, or there are none.
    public static func ask() async throws -> Bool {
        #if canImport(AlarmKit) && !os(macOS) && (STUBS || compiler(>=6.2))
            if #available(iOS 26.0, *) { return try await SystemAlarms.ask() }
        #endif
        return false
    }

    /// Tells that one rings, was stopped or has gone, as `PlanKeeper.signal` wants it; until the task is cancelled.
    public static func follow(_ changed: @Sendable () -> Void) async {
        #if canImport(AlarmKit) && !os(macOS) && (STUBS || compiler(>=6.2))
            if #available(iOS 26.0, *) { await SystemAlarms.follow(changed) }
        #endif
    }
}
