import CountersignBindings

/// Notifications that a system was told to let go of, and may still list: it does so in its own time.
public struct Departures: Sendable {
    private var leaving: Set<String> = []

    /// Knows none.
    public init() {}

    /// Says that one was told to go.
    public mutating func left(_ key: String) {
        leaving.insert(key)
    }

    /// Returns whether one is still on its way out, by what the system lists now.
    public mutating func isLeaving(_ key: String, listed: some Sequence<String>) -> Bool {
        see(listed)
        return leaving.contains(key)
    }

    /// Returns those of the listed that stay.
    public mutating func staying(_ listed: [String]) -> [String] {
        see(listed)
        return listed.filter { !leaving.contains($0) }
    }

    /// What is listed no more has gone.
    private mutating func see(_ listed: some Sequence<String>) {
        leaving.formIntersection(listed)
    }
}
