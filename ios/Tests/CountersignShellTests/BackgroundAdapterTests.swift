import BackgroundTasks
import Countersign
import CountersignShell
import Fakes
import Foundation
import Recording
import Testing
import UIKit
import UserNotifications

@MainActor @Suite struct BackgroundAdapterTests {
    private let phone = StubPhone()
    private let rig: Rig

    init() {
        rig = Rig(phone: phone)
    }

    @Test func toTheBackgroundIsAssertionRestPlanRefreshAndTheEndInThisOrder() async {
        await phone.run {
            await rig.coordinator.toBackground().value
            await phone.settle()

            #expect(
                phone.timeline.all == [
                    "begin(\"countersign.rest\")", "onBackground(4000)", "add(\"a:expired\")",
                    "submit(\"app.refresh\", inSeconds: 60)", "submit(\"app.processing\", inSeconds: 60)", "end(1)",
                ])
        }
    }

    @Test func anAssertionThatExpiresEndsExactlyOnce() async {
        await phone.run {
            let work = rig.coordinator.toBackground()
            phone.application.expire()
            await work.value
            phone.application.expire()
            await phone.settle()

            #expect(phone.application.deeds == [.begin("countersign.rest"), .end(1)])
        }
    }

    @Test func whoComesBackDuringSuspensionEndsRunningAndAsksForNothing() async {
        await phone.run {
            rig.life.hold()
            let work = rig.coordinator.toBackground()
            rig.lifecycle.wish(.foreground)
            rig.life.hold(false)
            await work.value
            await phone.settle()

            #expect(rig.life.calls.last == .foreground && phone.tasks.deeds.isEmpty)
            #expect(phone.application.deeds == [.begin("countersign.rest"), .end(1)])
        }
    }

    @Test(arguments: ["app.refresh", "app.processing"])
    func aMomentIsAskedForAnewThenUsedAndCompletedOnce(kind: String) async {
        await phone.run {
            register()
            rig.lifecycle.wish(.background)
            _ = await rig.lifecycle.settled()
            phone.tasks.launch(BGAppRefreshTask(identifier: kind))
            await phone.until { phone.tasks.deeds.last == .complete(kind, true) }

            #expect(
                phone.tasks.deeds == [
                    .register("app.refresh"), .register("app.processing"),
                    .submit("app.refresh", inSeconds: 900), .submit("app.processing", inSeconds: 900),
                    .submit("app.refresh", inSeconds: 60), .submit("app.processing", inSeconds: 60),
                    .complete(kind, true),
                ])
            #expect(rig.life.calls == [.background, .slice])
        }
    }

    @Test(arguments: ["app.refresh", "app.processing"])
    func aMomentThatExpiresIsCompletedOnceAndItsSliceEnds(kind: String) async {
        await phone.run {
            register(budgetMs: 1_000_000_000)
            rig.lifecycle.wish(.background)
            var begun = rig.life.begun.makeAsyncIterator()
            _ = await rig.lifecycle.settled()
            let task = BGProcessingTask(identifier: kind)
            phone.tasks.launch(task)
            while await begun.next() != .slice {}
            task.expirationHandler?()
            await phone.until { phone.tasks.deeds.contains(.complete(kind, false)) }
            task.expirationHandler?()
            await rig.keeper.makeEqual()

            let completions = phone.tasks.deeds.filter { if case .complete = $0 { true } else { false } }
            #expect(completions == [.complete(kind, false)])
        }
    }

    @Test func aMomentInTheForegroundIsCompletedUnused() async {
        await phone.run {
            register()
            phone.tasks.launch(BGAppRefreshTask(identifier: "app.refresh"))
            await phone.until { phone.tasks.deeds.last == .complete("app.refresh", false) }
            #expect(rig.life.calls.isEmpty)
        }
    }

    @Test func aRefusalIsReportedForEachKindAndNothingIsThrown() async {
        await phone.run {
            phone.tasks.refuse()
            let refusals = Recorded(0)
            let refreshes = SystemRefreshes(identifiers: BackgroundIdentifiers(app: "app")) { _ in
                refusals.withLock { $0 += 1 }
            }
            refreshes.submit(earliestMs: 1_000)
            #expect(refusals.withLock { $0 } == 2)
        }
    }

    @Test func withNothingToDoTheMomentsAreTakenBack() async {
        await phone.run {
            SystemRefreshes(identifiers: BackgroundIdentifiers(app: "app")).cancel()
            #expect(phone.tasks.deeds == [.cancel("app.refresh"), .cancel("app.processing")])
        }
    }

    private func register(budgetMs: UInt64 = 4) {
        let request = SliceRequest(trigger: .refresh, budgetMs: budgetMs, networkAllowed: true)
        BackgroundRegistration.register(BackgroundIdentifiers(app: "app")) { [rig] task in
            await rig.coordinator.refresh(task, request: request)
        }
    }
}

/// The coordinators over the adapters, and a node that only lives.
private struct Rig: Sendable {
    let life: WatchedLife
    let lifecycle: LifecycleCoordinator<EagerClock>
    let keeper: PlanKeeper<EagerClock>
    let coordinator: BackgroundCoordinator<EagerClock>

    init(phone: StubPhone) {
        life = WatchedLife(
            wake: PlannedWake(
                inMs: 60_000, at: 0, toleranceMs: 0, userVisible: false, needsNetwork: true, reason: .refresh))
        lifecycle = LifecycleCoordinator(node: TimedLife(life: life, timeline: phone.timeline), clock: EagerClock())
        let plans = ScriptedPlans()
        plans.plan([.make("a:expired", due: .later)])
        let notifications = SystemNotifications(resources: PlainResources())
        keeper = PlanKeeper(source: plans, port: notifications, clock: EagerClock())
        coordinator = BackgroundCoordinator(
            lifecycle: lifecycle, keeper: keeper, assertions: SystemAssertions(),
            refreshes: SystemRefreshes(identifiers: BackgroundIdentifiers(app: "app")))
    }
}
