#if canImport(ActivityKit) && !os(macOS)
    import ActivityKit
    import Countersign
    import Foundation

    /// A session that is being signed, as a live activity has it.
    public struct SigningAttributes: ActivityAttributes, Sendable {
        /// What of it changes.
        public struct ContentState: Codable, Hashable, Sendable {
            /// How many contributions are there.
            public var done: Int
            /// How many there are to be.
            public var steps: Int
            /// When it expires: the system draws the countdown.
            public var endsAt: Date
        }

        /// The session.
        public var session: String

        init(_ card: LiveCard) {
            session = card.session
        }
    }

    extension SigningAttributes.ContentState {
        init(_ card: LiveCard) {
            self.init(done: card.done, steps: card.steps, endsAt: card.endsAt)
        }
    }

    extension LiveCard {
        init(_ attributes: SigningAttributes, _ state: SigningAttributes.ContentState) {
            self.init(session: attributes.session, done: state.done, steps: state.steps, endsAt: state.endsAt)
        }
    }
#endif
