import CountersignBindings

/// Finds what a screen reader says of the time that is left, each of it once, on however many screens it is counted.
@MainActor
public final class Announcer {
    private struct Said {
        var end: ContinuousClock.Instant
        var minutes: Int64
    }

    /// An end that has moved by less is the same, read at another moment.
    private static let sameEnd = Duration.seconds(2)

    private var said: [SessionId: Said] = [:]

    /// Makes one that has said nothing.
    public init() {}

    /// Returns what to say at a tick towards the end of a session, if anything.
    public func words(
        for tick: Tick, of session: SessionId, endsAt end: ContinuousClock.Instant, now: ContinuousClock.Instant = .now
    ) -> Phrase? {
        guard let minutes = tick.announce else { return nil }
        if let last = said[session], Self.isSame(last.end, end), last.minutes <= minutes { return nil }
        said = said.filter { $0.value.end > now }
        said[session] = Said(end: end, minutes: minutes)
        return Phrase(MessageKey.expiringMinutes.resource, count: UInt64(minutes))
    }

    private static func isSame(_ one: ContinuousClock.Instant, _ other: ContinuousClock.Instant) -> Bool {
        let apart = one.duration(to: other)
        return max(apart, .zero - apart) < sameEnd
    }
}
