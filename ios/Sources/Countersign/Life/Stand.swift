import CountersignBindings

/// What came of the latest wish.
public enum Stand: Equatable, Sendable {
    /// Nothing was wished yet.
    case opened
    /// It runs.
    case running(ForegroundReport)
    /// It rests.
    case resting(SuspendReport)
    /// It could not follow this wish, and stands as before.
    case failed(Wish, NodeError)

    func meets(_ wish: Wish) -> Bool {
        switch (self, wish) {
        case (.running, .foreground), (.resting, .background): true
        case (.running, .background), (.resting, .foreground), (.opened, _), (.failed, _): false
        }
    }

    /// Whether it rests.
    public var isResting: Bool { meets(.background) }
}
