import Countersign

extension MessageKey {
    /// Every sentence.
    public static let all: [MessageKey] = [
        .requestFrom, .request, .requestExpired, .requestSuperseded, .ongoing, .expiringSeconds,
        .expiringMinutes, .expiringHours, .expired, .extensionAsked, .completed, .declined, .declinedByYou,
        .cancelled, .failed, .cannotReach, .noCards, .requestRedacted, .ongoingRedacted, .expiringRedacted,
        .expiredRedacted,
    ]

    /// Finds a sentence by its name in snake case.
    public static func named(_ name: String) -> MessageKey? {
        all.first { $0.resource == "message_\(name)" }
    }
}
