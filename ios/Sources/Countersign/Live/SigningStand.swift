import CountersignBindings

/// How far a signing is that the user has begun.
public enum SigningStand: Equatable, Sendable {
    /// So many contributions are there, of both rounds, and so many are to be.
    case goesOn(done: Int, steps: Int)
    /// It is over.
    case over(isSigned: Bool)
}

extension Screen {
    /// Returns how far a session is; one that was begun a moment ago may still wait for the user's yes.
    public func stand(of session: SessionId) -> SigningStand {
        guard let card = sessions.first(where: { $0.id == session }) else { return .over(isSigned: false) }
        if case .completed = card.outcome { return .over(isSigned: true) }
        if card.isGreyed { return .over(isSigned: false) }
        let parts = card.nonces + card.partials
        return .goesOn(done: parts.filter(\.isDone).count, steps: parts.count)
    }
}
