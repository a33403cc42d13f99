/// Why we are not fully connected, or would be late; and what the user can do.
public struct RunReason: Equatable, Sendable {
    /// Why.
    public var label: Phrase
    /// What the user can do.
    public var remedy: Remedy?

    init(_ reason: String, _ remedy: Remedy? = nil) {
        label = Phrase("reason_" + reason)
        self.remedy = remedy
    }
}
