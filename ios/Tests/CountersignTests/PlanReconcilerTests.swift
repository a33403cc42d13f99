import Countersign
import Fakes
import Testing

@Suite struct PlanReconcilerTests {
    @Test func whatIsWantedComesFirstInThePlansOrder() {
        let plan = Plan(
            revision: 1,
            items: [
                .make("b:request", due: .now), .make("c:request", due: .shown, hash: 2),
                .make("d:request", due: .shown),
                .make("a:expired", due: .later),
            ],
            truncated: false
        )
        let held = Held(
            pending: ["z:expired": 1, "y:expired": 1],
            shown: ["c": .init(key: "c:request", contentHash: 1), "x": .init(key: "x:request", contentHash: 1)]
        )

        let operations = PlanReconciler.reconcile(plan, with: held, prescheduled: true, placeOf: \.slot)

        let items = plan.items
        let expected: [PlanOperation] = [
            .show(items[0]), .update(items[1]), .hold(items[3]), .release("y:expired"), .release("z:expired"),
            .takeAway(place: "x"),
        ]
        #expect(operations == expected)
    }

    @Test func whatTheUserHasPutAwayStaysAway() {
        let plan = Plan(revision: 1, items: [.make("a:request", due: .shown)], truncated: false)

        #expect(PlanReconciler.reconcile(plan, with: Held(), prescheduled: true, placeOf: \.key).isEmpty)
    }

    @Test func aSystemThatOnlyWakesTheAppHoldsNothing() {
        let plan = Plan(revision: 1, items: [.make("a:expired", due: .later)], truncated: false)
        let held = Held(pending: ["a:expired": 1])

        let operations = PlanReconciler.reconcile(plan, with: held, prescheduled: false, placeOf: \.slot)

        #expect(operations == [.release("a:expired")])
    }

    @Test(arguments: [false, true], [false, true])
    func afterAnyRunTheSystemIsEqualToThePlanAndASecondRunHasNothingToDo(prescheduled: Bool, bySlot: Bool) {
        var changed = 0
        for seed in 0..<5_000 as Range<UInt64> {
            var dice = Dice(seed: seed)
            let placeOf: (PlannedNotification) -> String = bySlot ? { $0.slot } : { $0.key }
            let plan = dice.plan()
            let before = dice.held(for: plan, placeOf: placeOf)

            let operations = PlanReconciler.reconcile(plan, with: before, prescheduled: prescheduled, placeOf: placeOf)
            var after = before
            for operation in operations { after.apply(operation, placeOf: placeOf) }

            #expect(after == before.wanted(by: plan, prescheduled: prescheduled, placeOf: placeOf))
            let again = PlanReconciler.reconcile(
                plan.acknowledged, with: after, prescheduled: prescheduled, placeOf: placeOf)
            #expect(again.isEmpty)
            expectNothingIsRemovedAndAddedAgain(operations, placeOf: placeOf)
            let twin = PlanReconciler.reconcile(plan, with: before, prescheduled: prescheduled, placeOf: placeOf)
            #expect(operations == twin)
            changed += operations.count
        }
        #expect(changed > 10_000, "there was something to do")
    }

    @Test func twentySessionsNeedAtMostAsManyAdditionsAsTheSystemHolds() {
        let notices = ["warning300000", "warning60000", "expired"]
        let items = (0..<20).flatMap { session in
            notices.map { PlannedNotification.make("s\(session):\($0)", due: .later) }
        }
        let plan = Plan(revision: 1, items: items, truncated: true)

        let operations = PlanReconciler.reconcile(plan, with: Held(), prescheduled: true, placeOf: \.key)

        #expect(operations == items.map { .hold($0) } && operations.count == 60)
    }

    private func expectNothingIsRemovedAndAddedAgain(
        _ operations: [PlanOperation],
        placeOf: (PlannedNotification) -> String
    ) {
        var places: Set<String> = []
        var keys: Set<String> = []
        for operation in operations {
            let isNew =
                switch operation {
                case .hold(let item): keys.insert(item.key).inserted
                case .release(let key): keys.insert(key).inserted
                case .show(let item), .update(let item): places.insert(placeOf(item)).inserted
                case .takeAway(let place): places.insert(place).inserted
                }
            #expect(isNew, "each key and each place is touched once")
        }
    }
}

extension Plan {
    /// The plan after everything in it that is to be shown now was acknowledged.
    fileprivate var acknowledged: Plan {
        var plan = self
        for index in plan.items.indices where plan.items[index].due == .now { plan.items[index].due = .shown }
        return plan
    }
}

extension Held {
    /// What the system has once it is equal to the plan.
    fileprivate func wanted(
        by plan: Plan,
        prescheduled: Bool,
        placeOf: (PlannedNotification) -> String
    ) -> Held {
        var wanted = Held()
        for item in plan.items {
            switch item.due {
            case .later: if prescheduled { wanted.pending[item.key] = item.contentHash }
            case .shown where shown[placeOf(item)] == nil: break
            case .now, .shown: wanted.shown[placeOf(item)] = Content(key: item.key, contentHash: item.contentHash)
            }
        }
        return wanted
    }
}

extension Dice {
    /// Draws a plan as the core makes them: one notification of a session is on the screen at most.
    fileprivate mutating func plan() -> Plan {
        let notices = ["request", "warning300000", "warning120000", "warning60000", "expired"]
        var items: [PlannedNotification] = []
        for session in 0..<below(6) {
            let first = below(notices.count)
            let isOnScreen = once(in: 2)
            for (index, notice) in notices.enumerated() where index >= first {
                let onScreen: Due = once(in: 2) ? .now : .shown
                let due = index == first && isOnScreen ? onScreen : .later
                items.append(.make("s\(session):\(notice)", due: due, hash: UInt64(below(3))))
            }
        }
        return Plan(revision: next(), items: items.shuffled(using: &self), truncated: false)
    }

    /// Draws what a system has, some of it as the plan wants it.
    fileprivate mutating func held(for plan: Plan, placeOf: (PlannedNotification) -> String) -> Held {
        var held = Held()
        for item in plan.items where once(in: 2) {
            held.pending[item.key] = UInt64(below(3))
        }
        for item in plan.items where once(in: 3) {
            held.shown[placeOf(item)] = .init(key: item.key, contentHash: UInt64(below(3)))
        }
        for session in 4..<9 where once(in: 2) {
            let item = PlannedNotification.make("s\(session):\(once(in: 2) ? "expired" : "request")", due: .later)
            held.pending[item.key] = UInt64(below(3))
            held.shown[placeOf(item)] = .init(key: item.key, contentHash: UInt64(below(3)))
        }
        return held
    }
}
