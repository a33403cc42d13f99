import CountersignBindings

/// What the system has of ours.
public struct Held: Equatable, Sendable {
    /// What a place on the screen shows.
    public struct Content: Equatable, Sendable {
        /// Which notification.
        public var key: NotificationKey
        /// Which version of it.
        public var contentHash: UInt64

        /// Makes the content of a place.
        public init(key: NotificationKey, contentHash: UInt64) {
            self.key = key
            self.contentHash = contentHash
        }
    }

    /// The versions of those that it will show, by their keys.
    public var pending: [NotificationKey: UInt64]
    /// Those that it shows, by their places.
    public var shown: [String: Content]

    /// Says what the system has.
    public init(pending: [NotificationKey: UInt64] = [:], shown: [String: Content] = [:]) {
        self.pending = pending
        self.shown = shown
    }
}
