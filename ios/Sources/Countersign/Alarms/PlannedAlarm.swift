import CountersignBindings

/// An alarm that there should be: it rings through the user's quiet, and says nothing that gives anything away.
public struct PlannedAlarm: Equatable, Sendable {
    /// Names it at the system.
    public var id: AlarmId
    /// The notification of the same moment.
    public var key: NotificationKey
    /// When it rings, by the wall clock as that is set now.
    public var at: WallTime
    /// Whether it is too late to set it: it rings, has rung, or is about to.
    public var isTooLate: Bool
    /// What it says.
    public var title: Phrase
}
