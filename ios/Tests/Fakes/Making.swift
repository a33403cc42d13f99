import Countersign

extension PlannedNotification {
    /// Makes one; its slot is what stands before the colon of its key.
    public static func make(
        _ key: String,
        due: Due,
        hash: UInt64 = 1,
        notice: Notice = .request,
        importance: Importance = .default,
        sticky: Bool = false,
        message: Message = Message(key: .request, args: []),
        redacted: MessageKey = .requestRedacted,
        fireInMs: UInt64 = 0,
        removeInMs: UInt64? = nil,
        countdownToInMs: UInt64? = nil,
        actions: [Action] = [.view, .dismiss]
    ) -> PlannedNotification {
        PlannedNotification(
            key: key,
            slot: String(key.prefix { $0 != ":" }),
            notice: notice,
            due: due,
            fireInMs: fireInMs,
            fireAt: 0,
            removeInMs: removeInMs,
            countdownToInMs: countdownToInMs,
            importance: importance,
            sticky: sticky,
            message: message,
            redacted: redacted,
            actions: actions,
            link: DeepLink(wallet: "w", session: "s"),
            rank: 0,
            contentHash: hash
        )
    }
}

extension Held {
    /// Does to it what an operation does to the system.
    public mutating func apply(_ operation: PlanOperation, placeOf: (PlannedNotification) -> String) {
        switch operation {
        case .hold(let item): pending[item.key] = item.contentHash
        case .release(let key): pending[key] = nil
        case .show(let item), .update(let item):
            shown[placeOf(item)] = Content(key: item.key, contentHash: item.contentHash)
        case .takeAway(let place): shown[place] = nil
        }
    }
}
