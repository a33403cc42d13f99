import CountersignBindings

/// A participant's part in one of the two rounds.
public struct Segment: Equatable, Sendable {
    /// Whose.
    public var slot: Slot
    /// Whether it is there.
    public var isDone: Bool
}
