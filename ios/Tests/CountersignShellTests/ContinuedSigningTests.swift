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
            signing.show(screen(.requested, done: 0))
            #expect(task.progress.totalUnitCount == 4 && task.progress.completedUnitCount == 0)
            signing.show(screen(.partials, done: 3))
            #expect(task.progress.totalUnitCount == 4 && task.progress.completedUnitCount == 3)
            #expect(rests.withLock { $0 } == 0)

            signing.show(screen(.ended, done: 4, outcome: .completed(signatures: .init())))
            signing.show(screen(.ended, done: 4, outcome: .completed(signatures: .init())))
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
            signing.show(screen(.ended, done: 4, outcome: .completed(signatures: .init())))

            #expect(completions == [.complete(Self.identifier, false)])
            #expect(rests.withLock { $0 } == 1)
        }
    }

    @Test(arguments: [Outcome.cancelled, .expired, .declined(slot: 1, reason: .user), .failed(why: .internal)])
    func oneThatIsOverUnsignedHasNotSucceeded(outcome: Outcome) async throws {
        try await phone.run {
            _ = try await granted()
            signing.show(screen(.ended, done: 1, outcome: outcome))
            #expect(completions == [.complete(Self.identifier, false)])
        }
    }

    @Test func oneThatHasNotComeAboutIsGivenUpOnce() async throws {
        try await phone.run {
            _ = try await granted()
            signing.giveUp("s")
            signing.giveUp("s")
            #expect(completions == [.complete(Self.identifier, false)])
        }
    }

    @Test func oneThatIsOverBeforeTheSystemBeginsIsCompletedAtOnce() async throws {
        try await phone.run {
            try signing.begin("s")
            signing.show(screen(.ended, done: 4, outcome: .completed(signatures: .init())))
            phone.tasks.launch(BGContinuedProcessingTask(identifier: Self.identifier))
            await phone.until { !completions.isEmpty }
            #expect(completions == [.complete(Self.identifier, true)])
        }
    }

    @Test func whatTheSampleAsksForIsPermittedByItsPropertyList() throws {
        let file = URL(fileURLWithPath: #filePath).appending(path: "../../../Sample/App/Info.plist").standardizedFileURL
        let list = try PropertyListSerialization.propertyList(from: Data(contentsOf: file), format: nil)
        let keys = try #require(list as? [String: Any])
        let sample = BackgroundIdentifiers(app: "org.example.wallet")
        let permitted = try #require(keys["BGTaskSchedulerPermittedIdentifiers"] as? [String])
        #expect(permitted == [sample.refresh, sample.processing, sample.signing + ".*"])
        #expect(keys["UIBackgroundModes"] as? [String] == ["fetch", "processing"])
        #expect(keys["NSAlarmKitUsageDescription"] is String && keys["NSSupportsLiveActivities"] as? Bool == true)
    }

    @Test func oneThatComesAfterTheAppHasGoneToRestIsNotUsed() async throws {
        try await phone.run {
            try signing.begin("s")
            leaving.left()
            phone.tasks.launch(BGContinuedProcessingTask(identifier: Self.identifier))
            await phone.until { phone.tasks.deeds.last == .complete(Self.identifier, false) }
            #expect(phone.tasks.deeds.last == .complete(Self.identifier, false))
        }
    }

    @Test func aSystemThatCannotNowSaysSoAndASessionIsRegisteredOnce() async throws {
        try await phone.run {
            try signing.begin("s")
            phone.tasks.refuse()
            #expect(throws: BackgroundTaskRecord.Unavailable.self) { try signing.begin("s") }
            #expect(phone.tasks.deeds.filter { $0 == .register(Self.identifier) }.count == 1)
        }
    }

    private func granted() async throws -> BGContinuedProcessingTask {
        try signing.begin("s")
        let task = BGContinuedProcessingTask(identifier: Self.identifier)
        phone.tasks.launch(task)
        await phone.until { task.expirationHandler != nil }
        return task
    }

    private var completions: [BackgroundTaskRecord.Deed] {
        phone.tasks.deeds.filter { if case .complete = $0 { true } else { false } }
    }

    /// A session of two, of whose four contributions so many are there.
    private func screen(_ phase: Phase, done: Int, outcome: Outcome? = nil) -> Countersign.Screen {
        let progress = (0..<2).map { Progress(nonces: $0 < done, partials: $0 + 2 < done) }
        let session = SessionStatus.make(phase: phase, progress: progress, outcome: outcome)
        return SessionPresenter(resources: PlainResources()).present(.make(sessions: [session]), readAt: .now)
    }
}
