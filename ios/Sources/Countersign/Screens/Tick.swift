/// What a countdown shows from now on.
public struct Tick: Equatable, Sendable {
    /// Whole minutes that are left.
    public var minutes: Int64
    /// And seconds; `nil` while only minutes are shown.
    public var seconds: Int64?
    /// The minutes that a screen reader is to say, if it is to say any.
    public var announce: Int64?

    /// Says what is shown.
    public init(minutes: Int64, seconds: Int64? = nil, announce: Int64? = nil) {
        self.minutes = minutes
        self.seconds = seconds
        self.announce = announce
    }

    /// Whether nothing is left.
    public var isOver: Bool { minutes == 0 && seconds == 0 }
}
