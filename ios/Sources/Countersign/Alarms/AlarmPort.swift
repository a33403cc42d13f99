import CountersignBindings

/// The system's alarms.
public protocol AlarmPort: Sendable {
    /// Whether ours may ring.
    var access: AlarmAccess { get }

    /// Returns ours that the system has.
    func held() async throws -> [HeldAlarm]

    /// Carries out one operation.
    func apply(_ operation: AlarmOperation) async throws
}

/// Whether alarms may ring.
public enum AlarmAccess: Equatable, Sendable {
    /// The user does not want any.
    case off
    /// The system was not asked yet.
    case notAsked
    /// The user wanted them, and then told the system otherwise.
    case denied
    /// They may.
    case allowed
}

/// An alarm that the system has.
public struct HeldAlarm: Equatable, Sendable {
    /// Its name.
    public var id: AlarmId
    /// When it rings, by the wall clock; `nil` if the system does not say.
    public var at: WallTime?

    /// Says what the system has.
    public init(id: AlarmId, at: WallTime?) {
        self.id = id
        self.at = at
    }
}
