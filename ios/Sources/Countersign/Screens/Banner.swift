import CountersignBindings

/// What a screen says above everything else.
public struct Banner: Equatable, Sendable {
    /// What.
    public var label: Phrase
    /// What its colour says.
    public var role: ColourRole
    /// The session that it opens, if it is about one.
    public var session: SessionId?

    /// Says something.
    public init(label: Phrase, role: ColourRole, session: SessionId? = nil) {
        self.label = label
        self.role = role
        self.session = session
    }
}
