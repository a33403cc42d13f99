import Countersign
import Fakes
import Testing

@Suite struct BackgroundCoordinatorTests {
    private static let quarter: UInt64 = 15 * 60 * 1_000

    @Test func toTheBackgroundIsOneAssertionAroundRestPlanAndRefresh() async {
        let rig = Rig(wakeInMs: 60_000)
        rig.plans.plan([.make("a:expired", due: .later)])

        await rig.coordinator.toBackground().value

        #expect(rig.system.deeds == [.begin, .submit(60_000), .end(1)])
        #expect(rig.life.calls == [.background] && rig.port.has.pending == ["a:expired": 1])
    }

    @Test func theNextMomentIsAskedForWithinAQuarterOfAnHourAndNotWithoutNeed() async {
        let later = Rig(wakeInMs: 10 * Self.quarter)
        await later.coordinator.toBackground().value
        #expect(later.system.deeds == [.begin, .submit(Self.quarter), .end(1)])

        let never = Rig(wakeInMs: nil)
        await never.coordinator.toBackground().value
        #expect(never.system.deeds == [.begin, .cancel, .end(1)])
    }

    @Test func anAssertionThatExpiresEndsExactlyOnce() async {
        let rig = Rig(wakeInMs: nil)
        let work = rig.coordinator.toBackground()
        rig.system.expire()
        await work.value
        rig.system.expire()

        #expect(rig.system.deeds.filter { $0 == .end(1) }.count == 1)
    }

    @Test func anAssertionThatExpiresBeforeItHasANameEndsExactlyOnce() async {
        let rig = Rig(wakeInMs: nil, isTooLate: true)
        await rig.coordinator.toBackground().value

        #expect(rig.system.deeds == [.begin, .end(1), .cancel])
    }

    @Test func whoComesBackMeanwhileEndsRunningAndAsksForNothing() async {
        let rig = Rig(wakeInMs: 60_000)
        rig.life.hold()
        let work = rig.coordinator.toBackground()
        rig.lifecycle.wish(.foreground)
        rig.life.hold(false)
        await work.value

        #expect(rig.life.calls.last == .foreground)
        #expect(rig.system.deeds == [.begin, .end(1)])
    }

    @Test func theNextMomentIsAskedForBeforeThisOneIsUsed() async {
        let rig = Rig(wakeInMs: 60_000)
        rig.lifecycle.wish(.background)

        await rig.coordinator.refresh(rig.system, request: LifecycleCoordinatorTests.slice)

        #expect(rig.system.deeds == [.submit(Self.quarter), .submit(60_000), .complete(true)])
        #expect(rig.life.calls == [.background, .slice] && rig.plans.asked == 1)
    }

    @Test func aMomentThatExpiresIsCompletedExactlyOnceAndItsSliceEnds() async {
        let rig = Rig(wakeInMs: nil)
        var begun = rig.life.begun.makeAsyncIterator()
        rig.lifecycle.wish(.background)
        async let refreshed: Void = rig.coordinator.refresh(rig.system, request: LifecycleCoordinatorTests.endless)
        while await begun.next() != .slice {}

        rig.system.expire()
        await refreshed
        rig.system.expire()

        #expect(rig.system.deeds == [.submit(Self.quarter), .complete(false), .cancel])
    }

    @Test func aMomentInTheForegroundIsNotUsed() async {
        let rig = Rig(wakeInMs: 60_000)

        await rig.coordinator.refresh(rig.system, request: LifecycleCoordinatorTests.slice)

        #expect(rig.system.deeds == [.complete(false)] && rig.life.calls.isEmpty)
    }
}

/// A background coordinator and all that is around it.
private struct Rig {
    let life: WatchedLife
    let plans = ScriptedPlans()
    let port = RecordingNotifications()
    let system: CountedBackground
    let lifecycle: LifecycleCoordinator<EagerClock>
    let coordinator: BackgroundCoordinator<EagerClock>

    init(wakeInMs: UInt64?, isTooLate: Bool = false) {
        let wake = wakeInMs.map { inMs in
            PlannedWake(inMs: inMs, at: 0, toleranceMs: 0, userVisible: false, needsNetwork: true, reason: .refresh)
        }
        life = WatchedLife(wake: wake)
        system = CountedBackground(isTooLate: isTooLate)
        lifecycle = LifecycleCoordinator(node: life, clock: EagerClock())
        coordinator = BackgroundCoordinator(
            lifecycle: lifecycle,
            keeper: PlanKeeper(source: plans, port: port, clock: EagerClock()),
            assertions: system,
            refreshes: system
        )
    }
}
