import CountersignBindings
import Foundation

/// A session that is being signed, as it stands on a locked screen: it gives nothing away.
public struct LiveCard: Equatable, Sendable {
    /// An end that has moved by less is the same, read at another moment.
    private static let sameEnd: TimeInterval = 2

    /// The session.
    public var session: SessionId
    /// How many contributions are there, of both rounds.
    public var done: Int
    /// How many there are to be.
    public var steps: Int
    /// When it expires.
    public var endsAt: Date

    /// Describes a session that is being signed.
    public init(session: SessionId, done: Int, steps: Int, endsAt: Date) {
        self.session = session
        self.done = done
        self.steps = steps
        self.endsAt = endsAt
    }

    /// Whether a screen would show the same.
    func looksLike(_ other: LiveCard) -> Bool {
        done == other.done && steps == other.steps && abs(endsAt.timeIntervalSince(other.endsAt)) < Self.sameEnd
    }
}

extension Screen {
    /// The sessions that are being signed.
    public func live(now: ContinuousClock.Instant = .now, date: Date = Date()) -> [LiveCard] {
        sessions.compactMap { session in
            guard let endsAt = session.endsAt, session.isBeingSigned else { return nil }
            let parts = session.nonces + session.partials
            let left = Double(now.duration(to: endsAt).components.seconds)
            return LiveCard(
                session: session.id, done: parts.filter(\.isDone).count, steps: parts.count,
                endsAt: date.addingTimeInterval(left))
        }
    }
}

extension SessionCard {
    /// Whether the user has said yes, and it is not over.
    public var isBeingSigned: Bool {
        switch phase {
        case .unlocking, .nonces, .partials: !isGreyed
        case .requested, .ended: false
        }
    }
}
