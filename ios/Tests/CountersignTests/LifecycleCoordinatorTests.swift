import Countersign
import Fakes
import Testing

@Suite(.timeLimit(.minutes(2))) struct LifecycleCoordinatorTests {
    static let slice = SliceRequest(trigger: .refresh, budgetMs: 8_000, networkAllowed: true)
    static let endless = SliceRequest(trigger: .refresh, budgetMs: .max, networkAllowed: true)

    @Test func theLatestWishWinsAndThoseBetweenAreSkipped() async {
        let life = WatchedLife()
        let coordinator = LifecycleCoordinator(node: life, clock: EagerClock())

        coordinator.wish(.background)
        _ = await coordinator.settled()
        for _ in 0..<1_000 {
            coordinator.wish(.foreground)
            coordinator.wish(.background)
        }
        let stand = await coordinator.settled()

        #expect(stand.isResting)
        #expect(life.calls.count < 2_000 && life.calls.last == .background && !life.overlapped)
    }

    @Test func aSliceRunsOnlyWhileTheAppRests() async {
        let life = WatchedLife()
        let coordinator = LifecycleCoordinator(node: life, clock: EagerClock())

        #expect(await coordinator.runSlice(Self.slice) == nil, "it was opened in the foreground")
        coordinator.wish(.background)
        #expect(await coordinator.runSlice(Self.slice)?.done == true)
        coordinator.wish(.foreground)
        #expect(await coordinator.runSlice(Self.slice) == nil)
        #expect(life.calls == [.background, .slice, .foreground])
    }

    @Test func aForegroundEndsTheSliceThatRuns() async {
        let life = WatchedLife()
        let coordinator = LifecycleCoordinator(node: life, clock: EagerClock())
        var begun = life.begun.makeAsyncIterator()
        coordinator.wish(.background)
        async let report = coordinator.runSlice(Self.endless)
        while await begun.next() != .slice {}

        coordinator.wish(.foreground)

        #expect(await report?.done == false)
        #expect(!(await coordinator.settled()).isResting)
        #expect(life.calls == [.background, .slice, .foreground])
    }

    @Test func aSliceIsPreparedBeforeItBeginsAndNotBegunOnceNobodyWantsIt() async {
        let life = WatchedLife()
        let coordinator = LifecycleCoordinator(node: life, clock: EagerClock())
        coordinator.wish(.background)
        _ = await coordinator.settled()

        let report = await coordinator.runSlice(Self.endless) {
            #expect(life.calls == [.background])
            coordinator.cancel()
        }

        #expect(report == nil && life.calls == [.background])
    }

    @Test func aSecondSliceIsRefusedWhileOneRuns() async {
        let life = WatchedLife()
        let coordinator = LifecycleCoordinator(node: life, clock: EagerClock())
        var begun = life.begun.makeAsyncIterator()
        coordinator.wish(.background)
        async let first = coordinator.runSlice(Self.endless)
        while await begun.next() != .slice {}

        #expect(await coordinator.runSlice(Self.slice) == nil)
        coordinator.cancel()
        #expect(await first?.ran == true)
    }

    @Test func aWishThatCouldNotBeFollowedIsSaidAndTheNextOneIsTried() async {
        let life = WatchedLife()
        let coordinator = LifecycleCoordinator(node: life, clock: EagerClock())
        life.refuse(with: [.JournalLocked])

        coordinator.wish(.foreground)
        #expect(await coordinator.settled() == .failed(.foreground, .JournalLocked))
        coordinator.wish(.foreground)
        #expect(await coordinator.settled() == .running(ForegroundReport(restarted: true, tookMs: 0)))
    }

    @Test func inAnyOrderOfWishesSlicesAndCancelsItEndsInTheLastWish() async {
        var (slices, cancelled, inVain) = (0, 0, 0)
        for seed in 0..<5_000 as Range<UInt64> {
            var dice = Dice(seed: seed)
            let life = WatchedLife(seed: seed)
            let coordinator = LifecycleCoordinator(node: life, clock: EagerClock())
            var last: Wish?
            let reports = await withTaskGroup(of: SliceReport?.self) { group in
                for _ in 0..<(2 + dice.below(8)) {
                    switch dice.below(5) {
                    case 0: last = .foreground
                    case 1, 2: last = .background
                    case 3: coordinator.cancel()
                    default: group.addTask { await coordinator.runSlice(Self.endless) }
                    }
                    if let last { coordinator.wish(last) }
                    for _ in 0..<dice.below(6) { await Task.yield() }
                }
                // Nothing else would end the last one.
                last = dice.once(in: 2) ? .foreground : last
                if let last { coordinator.wish(last) }
                coordinator.cancel()
                var reports: [SliceReport] = []
                let ending = Task {
                    while !Task.isCancelled {
                        coordinator.cancel()
                        await Task.yield()
                    }
                }
                for await case let report? in group { reports.append(report) }
                ending.cancel()
                return reports
            }
            let stand = await coordinator.settled()

            #expect(!life.overlapped, "seed \(seed)")
            #expect(last.map { $0 == .background } ?? false == stand.isResting, "seed \(seed)")
            #expect(reports.count == life.calls.filter { $0 == .slice }.count, "each slice is reported: seed \(seed)")
            slices += reports.count
            cancelled += reports.filter { !$0.done }.count
            inVain += life.cancelsInVain
        }
        #expect(slices > 1_000 && cancelled > 1_000 && inVain > 100, "everything has happened")
    }
}
