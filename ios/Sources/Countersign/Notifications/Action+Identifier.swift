import CountersignBindings

extension Action {
    /// Names it at the system.
    public var identifier: String {
        switch self {
        case .view: "view"
        case .dismiss: "dismiss"
        case .approve: "approve"
        case .reject: "reject"
        case .extend: "extend"
        }
    }

    /// What stands on its button.
    public var label: Phrase { Phrase("action_" + identifier) }
}
