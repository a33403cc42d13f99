import CountersignBindings

/// One step towards the live activities that there should be.
public enum LiveOperation: Equatable, Sendable {
    /// Start one.
    case start(LiveCard)
    /// Change what one shows.
    case update(LiveCard)
    /// End one.
    case end(SessionId)
}

/// Finds what makes the live activities equal to what is being signed.
public enum LiveReconciler {
    /// Returns the operations; one starts only while the app is seen.
    public static func reconcile(_ wanted: [LiveCard], with shown: [LiveCard], isSeen: Bool) -> [LiveOperation] {
        let changes = wanted.compactMap { card -> LiveOperation? in
            guard let there = shown.first(where: { $0.session == card.session }) else {
                return isSeen ? .start(card) : nil
            }
            return card.looksLike(there) ? nil : .update(card)
        }
        let kept = Set(wanted.map(\.session))
        return changes + shown.map(\.session).filter { !kept.contains($0) }.map { .end($0) }
    }
}
