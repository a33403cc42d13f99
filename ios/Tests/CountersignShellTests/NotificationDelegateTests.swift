import Countersign
import Fakes
import Foundation
import Recording
import Testing
import UserNotifications

@testable import CountersignShell

@MainActor @Suite struct NotificationDelegateTests {
    private nonisolated static let link = DeepLink(
        wallet: String(repeating: "a1", count: 32), session: String(repeating: "f3", count: 32))
    private nonisolated static let key = "s" + String(repeating: "f3", count: 16) + ":request"

    private let phone = StubPhone()

    @Test(arguments: [
        (ActionRouter.systemDefault, Route.open(link)), (ActionRouter.systemDismiss, .dismiss(key)),
        ("approve", .open(link)), ("sign", nil),
    ])
    func aTouchIsFollowedBeforeTheSystemHearsThatItIsDone(action: String, route: Route?) async {
        await phone.run {
            let followed = Recorded<[Route]>([])
            let delegate = NotificationDelegate { route in followed.withLock { $0.append(route) } }
            delegate.install()
            #expect(UNUserNotificationCenter.current().delegate === delegate)

            await withCheckedContinuation { done in
                delegate.userNotificationCenter(
                    .current(), didReceive: Self.response(action), withCompletionHandler: { done.resume() })
            }
            #expect(followed.withLock { $0 } == (route.map { [$0] } ?? []))
        }
    }

    @Test func oneThatComesWhileTheAppIsSeenIsShownToo() {
        var options: UNNotificationPresentationOptions = []
        let delegate = NotificationDelegate { _ in }
        delegate.userNotificationCenter(.current(), willPresent: Self.response("").notification) { options = $0 }
        #expect(options == [.banner, .list, .sound])
    }

    private static func response(_ action: String) -> UNNotificationResponse {
        var item = PlannedNotification.make(key, due: .now)
        item.link = link
        let stamp = NotificationStamp(
            contentHash: 1, look: .init(language: "en", privacy: .redacted, clockLeadMs: 0))
        let content = NotificationContent(resources: PlainResources(), privacy: { .redacted })
            .make(NotificationComposer(resources: PlainResources()).compose(item), stamp: stamp)
        let request = UNNotificationRequest(identifier: key, content: content, trigger: nil)
        return UNNotificationResponse(notification: UNNotification(request: request), actionIdentifier: action)
    }
}
