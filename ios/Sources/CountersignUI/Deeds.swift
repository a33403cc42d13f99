#if canImport(SwiftUI)
    import Countersign

    /// What the user can do on the screens; the app does it.
    @MainActor
    public struct Deeds {
        /// Say yes to what is asked, after it was shown what is signed.
        public var approve: @MainActor (SessionId) -> Void
        /// Say no.
        public var decline: @MainActor (SessionId) -> Void
        /// Open a session's screen.
        public var open: @MainActor (SessionId) -> Void
        /// Do the one thing that a session waits for.
        public var next: @MainActor (SessionId, NextAction) -> Void
        /// Do the one thing that can be done at a participant.
        public var row: @MainActor (ParticipantKey, RowAction) -> Void
        /// Remove what stands in the way.
        public var remedy: @MainActor (Remedy) -> Void

        /// Says what the app does.
        public init(
            approve: @escaping @MainActor (SessionId) -> Void,
            decline: @escaping @MainActor (SessionId) -> Void,
            open: @escaping @MainActor (SessionId) -> Void,
            next: @escaping @MainActor (SessionId, NextAction) -> Void,
            row: @escaping @MainActor (ParticipantKey, RowAction) -> Void,
            remedy: @escaping @MainActor (Remedy) -> Void
        ) {
            self.approve = approve
            self.decline = decline
            self.open = open
            self.next = next
            self.row = row
            self.remedy = remedy
        }
    }
#endif
