/// What a countdown shows: whole seconds or minutes, the one that has begun counted in.
struct CountdownFace: Equatable, Sendable {
    private static let secondsFrom: Int64 = 600
    private static let announcedMinutes: [Int64] = [1, 2, 5, 10]

    /// What is shown, in seconds.
    private let shown: Int64
    private let unit: Int64

    init(left: Duration) {
        let (whole, rest) = max(left, .zero).components
        let seconds = rest > 0 ? whole + 1 : whole
        unit = seconds <= Self.secondsFrom ? 1 : 60
        shown = (seconds + unit - 1) / unit * unit
    }

    var isOver: Bool { shown == 0 }

    /// With how much left something else is shown.
    var changesAt: Duration { .seconds(shown - unit) }

    /// Returns the tick to this from what was shown before.
    func tick(after before: CountdownFace?) -> Tick {
        // A tick may be late, and leave some out: the most urgent counts.
        let crossed = Self.announcedMinutes.first { minutes in
            before.map { shown <= minutes * 60 && minutes * 60 < $0.shown } ?? false
        }
        return Tick(minutes: shown / 60, seconds: unit == 1 ? shown % 60 : nil, announce: crossed)
    }
}
