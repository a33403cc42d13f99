import Countersign

/// A core that only says what its sessions wait for.
public final class ScriptedStatus: StatusSource {
    private let sessions = Locked<[SessionStatus]>([])

    /// Makes one without sessions.
    public init() {}

    /// Has this session from now on, or none.
    public func say(_ session: SessionId, _ action: NextAction?) {
        sessions.withLock { $0 = action.map { [.make(session, nextAction: $0)] } ?? [] }
    }

    public func status() async throws -> Status { .make(sessions: sessions.withLock { $0 }) }
}
