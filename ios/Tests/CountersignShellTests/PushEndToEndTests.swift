import Countersign
import CountersignShell
import Fakes
import Foundation
import Testing
import UserNotifications

/// Over the real library: what an extension of the app sees of its journal.
@MainActor @Suite(.timeLimit(.minutes(4))) struct PushEndToEndTests {
    private final class Service: NotificationService {
        private let file: URL

        init(file: URL) { self.file = file }

        override var journal: URL? { file }
    }

    private struct Pushed: Equatable, Sendable {
        let body: String
        let badge: Int?
    }

    private let words = BundleResources().text("message_request_redacted", arguments: [], quantity: nil)

    @Test func aPushCountsWhatWaitsWhileTheAppRestsAndLeavesThatToTheAppWhileItRuns() async throws {
        try await Folder.temporary { folder in
            let ada = try await StubPhone().run { try await Living.open(1, in: folder) }
            let bob = try await StubPhone().run { try await Living.open(2, in: folder) }
            let wallet = try await Meeting.introduce([ada.node, bob.node])
            _ = try await ada.node.preflight(wallet: wallet, budgetMs: 10_000)
            let session = try await ada.node.initiate(wallet: wallet, payload: Meeting.payload(), lastsMs: 600_000)
            _ = try await bob.node.asked()
            let journal = URL(fileURLWithPath: "\(folder)/2.db")
            let running = await push(seeing: journal)
            #expect(running == Pushed(body: words, badge: nil))

            bob.lifecycle.wish(.background)
            _ = await bob.lifecycle.settled()
            let resting = await push(seeing: journal)
            #expect(resting == Pushed(body: words, badge: 1))

            bob.lifecycle.wish(.foreground)
            _ = await bob.lifecycle.settled()
            try await bob.node.approve(session: session)
            let outcome = try await ada.node.ended(session)
            #expect(outcome.isCompleted, "the look has cost the app nothing")
            try await ada.close()
            try await bob.close()
        }
    }

    @Test func aPushIsShownWithoutAJournalToo() async {
        let pushed = await push(seeing: URL(fileURLWithPath: "/nowhere/journal.db"))
        #expect(pushed == Pushed(body: words, badge: nil))
    }

    private func push(seeing journal: URL) async -> Pushed {
        let request = UNNotificationRequest(
            identifier: "push", content: UNMutableNotificationContent(), trigger: nil)
        return await withCheckedContinuation { continuation in
            Service(file: journal).didReceive(request) { content in
                continuation.resume(returning: Pushed(body: content.body, badge: content.badge?.intValue))
            }
        }
    }
}
