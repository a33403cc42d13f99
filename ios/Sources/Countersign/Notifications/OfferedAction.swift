import CountersignBindings

/// A button of a notification.
public struct OfferedAction: Equatable, Sendable {
    /// What it does.
    public var action: Action
    /// What stands on it.
    public var label: Phrase
    /// What it opens; `nil` for one that the app hears of without being seen.
    public var opens: DeepLink?
}
