import Countersign
import Fakes
import Testing

@Suite struct PlanKeeperTests {
    private let clock = HandClock()
    private let plans = ScriptedPlans()
    private let port = RecordingNotifications()
    private let keeper: PlanKeeper<HandClock>

    init() {
        keeper = PlanKeeper(source: plans, port: port, clock: clock)
    }

    @Test func aRunComesTwoHundredMillisecondsAfterTheFirstSignalHoweverManyFollow() async {
        await working {
            var acknowledged = plans.acknowledged.makeAsyncIterator()
            keeper.signal()
            let due = await clock.sleeper()
            for _ in 0..<19 {
                clock.advance(by: .milliseconds(10))
                keeper.signal()
            }
            #expect(plans.asked == 0)
            clock.advance(by: .milliseconds(10))
            _ = await acknowledged.next()

            #expect(due.since == .milliseconds(200))
            #expect(plans.asked == 1)
        }
    }

    @Test func theFirstSignalCountsAlsoOfThoseBeforeTheKeeperWorks() async {
        keeper.signal()
        clock.advance(by: .milliseconds(150))
        keeper.signal()
        await working {
            #expect(await clock.sleeper().since == .milliseconds(200))
        }
    }

    @Test func thereAreFiveRunsASecondAtMost() async {
        await working {
            var acknowledged = plans.acknowledged.makeAsyncIterator()
            for run in 1...5 {
                keeper.signal()
                await clock.advanceToSleeper()
                _ = await acknowledged.next()
                #expect(clock.now.since == .milliseconds(200 * run) && plans.asked == run)
            }
        }
    }

    @Test func whatTheSystemRefusesIsReportedAndTheRestIsDone() async {
        plans.plan([.make("a:request", due: .now), .make("b:expired", due: .later)], revision: 7)
        port.refuse(["a:request"])

        #expect(await keeper.makeEqual())

        var acknowledged = plans.acknowledged.makeAsyncIterator()
        #expect(await acknowledged.next() == .init(revision: 7, failed: ["a:request"]))
        #expect(port.has.pending == ["b:expired": 1] && port.has.shown.isEmpty)
    }

    @Test func aPlanThatWasOvertakenIsFollowedAnewThreeTimesAndThenAtTheNextSignal() async {
        plans.refuse(with: Array(repeating: .StalePlan, count: 5))

        #expect(await keeper.makeEqual())
        #expect(plans.asked == 4)
        #expect(await keeper.makeEqual())
        #expect(plans.asked == 6)
    }

    @Test func aNodeThatHasStoppedEndsIt() async {
        plans.refuse(with: [.Internal(reason: "anything"), .Stopped])
        let run = Task { await keeper.run() }
        var acknowledged = plans.acknowledged.makeAsyncIterator()

        keeper.signal()
        await clock.advanceToSleeper()
        _ = await acknowledged.next()
        keeper.signal()
        await clock.advanceToSleeper()
        await run.value

        #expect(plans.asked == 2, "another fault did not")
    }

    @Test func runsThatAreAskedForAtOnceComeOneAfterTheOther() async {
        plans.plan([.make("a:request", due: .now)])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { await keeper.makeEqual() } }
        }

        #expect(plans.asked == 50 && plans.mostRunning == 1)
    }

    /// Lets the keeper work while something happens.
    private func working(_ happens: () async -> Void) async {
        let run = Task { await keeper.run() }
        await happens()
        run.cancel()
        await run.value
    }
}
