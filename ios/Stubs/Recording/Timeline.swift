/// What happened at all the stubs of one system, in order.
package final class Timeline: Sendable {
    private let entries = Recorded<[String]>([])

    package init() {}

    package var all: [String] { entries.withLock { $0 } }

    package func add(_ entry: String) {
        entries.withLock { $0.append(entry) }
    }
}
