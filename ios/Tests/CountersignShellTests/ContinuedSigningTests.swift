import BackgroundTasks
import Countersign
import CountersignShell
import Fakes
import Foundation
import Recording
import Testing

@MainActor @Suite struct ContinuedSigningTests {
    private static let identifier = "app.signing.s"

    private let phone = StubPhone()
    private let rests = Recorded(0)
    private let leaving: LeavingCoordinator
    private let signing: ContinuedSigning

    init() {
        let rests = rests
        leaving = LeavingCoordinator(rest: { rests.withLock { $0 += 1 } }, wake: {})
        signing = ContinuedSigning(
            identifiers: BackgroundIdentifiers(app: "app"), resources: PlainResources(), leaving: leaving)
    }

    @Test func aSignatureGoesOnThoughTheAppIsLeftAndThenItRests() async throws {
        try await phone.run {
            let task = try await granted()
            leaving.left()
            signing.show([card(done: 3)])
            #expect(task.progress.totalUnitCount == 4 && task.progress.completedUnitCount == 3)
            #expect(rests.withLock { $0 } == 0)

            signing.show([])
            signing.show([])
            #expect(phone.tasks.deeds.filter { $0 == .complete(Self.identifier, true) }.count == 1)
            #expect(rests.withLock { $0 } == 1)
        }
    }

    @Test func oneThatTheUserStopsIsCompletedOnceAndTheAppRests() async throws {
        try await phone.run {
            let task = try await granted()
            leaving.left()
            task.expirationHandler?()
            task.expirationHandler?()
            await phone.until { rests.withLock { $0 } == 1 }
            signing.show([])

            #expect(phone.tasks.deeds.filter { $0 == .complete(Self.identifier, false) }.count == 1)
            #expect(rests.withLock { $0 } == 1)
        }
    }

    @Test func oneThatComesAfterTheAppHasGoneToRestIsNotUsed() async throws {
        try await phone.run {
            try signing.begin(card(done: 0))
            leaving.left()
            phone.tasks.launch(BGContinuedProcessingTask(identifier: Self.identifier))
            await phone.until { phone.tasks.deeds.last == .complete(Self.identifier, false) }
            #expect(phone.tasks.deeds.last == .complete(Self.identifier, false))
        }
    }

    @Test func aSystemThatCannotNowSaysSoAndASessionIsRegisteredOnce() async throws {
        try await phone.run {
            try signing.begin(card(done: 0))
            phone.tasks.refuse()
            #expect(throws: BackgroundTaskRecord.Unavailable.self) { try signing.begin(card(done: 0)) }
            #expect(phone.tasks.deeds.filter { $0 == .register(Self.identifier) }.count == 1)
        }
    }

    private func granted() async throws -> BGContinuedProcessingTask {
        try signing.begin(card(done: 0))
        let task = BGContinuedProcessingTask(identifier: Self.identifier)
        phone.tasks.launch(task)
        await phone.until { task.expirationHandler != nil }
        return task
    }

    private func card(done: Int) -> LiveCard {
        LiveCard(session: "s", done: done, steps: 4, endsAt: Date(timeIntervalSince1970: 1_000))
    }
}
