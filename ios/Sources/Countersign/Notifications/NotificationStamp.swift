import CountersignBindings

/// What is written on a notification at the system, to know later whether it is still as it would be made now.
public struct NotificationStamp: Equatable, Sendable {
    /// What a notification was made under, apart from the plan.
    public struct Look: Equatable, Sendable {
        /// The language of its words.
        public var language: String
        /// How much it says.
        public var privacy: NotificationPrivacy
        /// How far the wall clock was ahead of the one that nobody sets, in milliseconds.
        public var clockLeadMs: Int64

        /// Describes a look.
        public init(language: String, privacy: NotificationPrivacy, clockLeadMs: Int64) {
            self.language = language
            self.privacy = privacy
            self.clockLeadMs = clockLeadMs
        }
    }

    /// A clock that is off by less was not set, but kept right.
    private static let sameClockMs: UInt64 = 2_000

    private let contentHash: UInt64
    private let look: Look

    /// Stamps a version.
    public init(contentHash: UInt64, look: Look) {
        self.contentHash = contentHash
        self.look = look
    }

    /// Reads a stamp; `nil` for what is none.
    public init?(text: String) {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 4, let hash = UInt64(parts[0]), let privacy = NotificationPrivacy(rawValue: parts[2]),
            let lead = Int64(parts[3])
        else { return nil }
        self.init(contentHash: hash, look: Look(language: parts[1], privacy: privacy, clockLeadMs: lead))
    }

    /// The stamp as the system keeps it.
    public var text: String { "\(contentHash) \(look.language) \(look.privacy.rawValue) \(look.clockLeadMs)" }

    /// Returns the version of one that the system shows: its own, or another if it would say something else now.
    public func shownVersion(under now: Look) -> UInt64 {
        look.language == now.language && look.privacy == now.privacy ? contentHash : ~contentHash
    }

    /// Returns the version of one that the system holds: another also if the clock was set since, or the phone began anew.
    public func heldVersion(under now: Look) -> UInt64 {
        let isSameClock = (look.clockLeadMs - now.clockLeadMs).magnitude <= Self.sameClockMs
        return isSameClock ? shownVersion(under: now) : ~contentHash
    }
}
