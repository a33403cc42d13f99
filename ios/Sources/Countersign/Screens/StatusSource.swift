import CountersignBindings

/// Where the status comes from.
public protocol StatusSource: Sendable {
    /// Returns everything a screen shows.
    func status() async throws -> Status
}

extension Node: StatusSource {}
