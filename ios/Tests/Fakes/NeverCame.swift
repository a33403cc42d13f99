/// What was waited for did not come in time.
public struct NeverCame: Error {
    /// What was there instead.
    public let instead: String

    /// Says what was there instead.
    public init(instead: some Any) {
        self.instead = "\(instead)"
    }
}
