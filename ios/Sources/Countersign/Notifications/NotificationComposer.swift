import CountersignBindings

/// Makes of a planned notification what the system shows.
public struct NotificationComposer: Sendable {
    private let wording: Wording

    /// Makes a composer with the app's resources.
    public init(resources: any ResourcePort) {
        wording = Wording(resources: resources)
    }

    /// Composes it.
    public func compose(_ item: PlannedNotification) -> ComposedNotification {
        let category = Category(of: item.notice)
        let now = item.fireAt - min(item.fireAt, item.fireInMs)
        return ComposedNotification(
            key: item.key,
            thread: item.slot,
            category: category,
            importance: item.importance,
            title: category.title,
            body: wording.phrase(item.message),
            publicBody: Phrase(item.redacted.resource),
            isSilent: item.importance == .silent || item.due == .shown,
            isSticky: item.sticky,
            isOngoing: category == .ongoing,
            fireInMs: item.fireInMs,
            countdownTo: item.countdownToInMs.map { now + $0 },
            removeInMs: item.removeInMs,
            actions: item.actions.map { offer($0, for: item.link) },
            opens: item.link
        )
    }

    private func offer(_ action: Action, for link: DeepLink) -> OfferedAction {
        switch action {
        // Whoever answers first sees what is signed.
        case .view, .approve, .reject, .extend: OfferedAction(action: action, label: action.label, opens: link)
        case .dismiss: OfferedAction(action: action, label: action.label, opens: nil)
        }
    }
}
