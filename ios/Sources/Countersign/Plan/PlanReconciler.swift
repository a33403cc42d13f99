import CountersignBindings

/// Finds what makes the system equal to a plan.
public enum PlanReconciler {
    /// Returns the operations, in order: what the plan wants, in its order, then what it does not want.
    ///
    /// - Parameters:
    ///   - plan: What there should be.
    ///   - held: What the system has.
    ///   - prescheduled: Whether the system shows a notification at its time by itself; if not, it holds none.
    ///   - placeOf: A notification's place on the screen: its slot where a slot shows one, its key where each is on its own.
    public static func reconcile(
        _ plan: Plan,
        with held: Held,
        prescheduled: Bool,
        placeOf: (PlannedNotification) -> String
    ) -> [PlanOperation] {
        var operations: [PlanOperation] = []
        var shown = held.shown
        var wantedPending: Set<NotificationKey> = []
        var wantedShown: Set<NotificationKey> = []
        for item in plan.items {
            let place = placeOf(item)
            let content = Held.Content(key: item.key, contentHash: item.contentHash)
            switch item.due {
            case .later:
                guard prescheduled else { continue }
                wantedPending.insert(item.key)
                if held.pending[item.key] != item.contentHash { operations.append(.hold(item)) }
            case .now:
                wantedShown.insert(item.key)
                operations.append(.show(item))
                shown[place] = content
            case .shown:
                wantedShown.insert(item.key)
                // One that is not there was put away by the user.
                guard let there = shown[place], there != content else { continue }
                operations.append(.update(item))
                shown[place] = content
            }
        }
        for key in held.pending.keys.sorted() where !wantedPending.contains(key) {
            operations.append(.release(key))
        }
        for (place, content) in shown.sorted(by: { $0.key < $1.key }) where !wantedShown.contains(content.key) {
            operations.append(.takeAway(place: place))
        }
        return operations
    }
}
