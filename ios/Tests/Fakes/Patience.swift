import Countersign

extension StatusSource {
    /// Waits for a status in which something is found, and returns that.
    public func until<Found>(
        within patience: Duration = .seconds(60),
        _ find: (Status) throws -> Found?
    ) async throws -> Found {
        let end = ContinuousClock.now + patience
        while true {
            let status = try await status()
            if let found = try find(status) { return found }
            if ContinuousClock.now > end { throw NeverCame(instead: status) }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension Status {
    /// The session of a request that waits for an answer.
    public var pendingRequest: SessionId? { inbox.first { $0.state == .pending }?.session }

    /// How a session ended, if it has.
    public func outcome(of session: SessionId) -> Outcome? { sessions.first { $0.id == session }?.outcome }
}
