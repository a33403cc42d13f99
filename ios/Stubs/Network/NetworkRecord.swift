import Recording

/// What a test reads of the network; each task has the one that it was given.
package final class NetworkRecord: Sendable {
    package struct State {
        package var monitors: [NWPathMonitor] = []
        package var browsers: [NWBrowser] = []
        package var listeners: [NWListener] = []
        package var cancelled: [String] = []
    }

    @TaskLocal package static var current = NetworkRecord()

    package let state = Recorded(State())

    package init() {}
}
