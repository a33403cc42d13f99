import ActivityKit
import Countersign
import CountersignShell
import Fakes
import Foundation
import Recording
import Testing
import UIKit
import UserNotifications

/// One after the other: the system's notices go to everybody in the process.
@MainActor @Suite(.serialized) struct SceneAdapterTests {
    private let phone = StubPhone()

    @Test func everyPhaseIsToldWithinTheSystemsCall() async {
        await phone.run {
            var phases: [SystemScenes.Phase] = []
            let scenes = SystemScenes()
            let told = Recorded<[SystemScenes.Phase]>([])
            scenes.follow { phase in told.withLock { $0.append(phase) } }
            for name in [
                UIApplication.willResignActiveNotification, UIApplication.didEnterBackgroundNotification,
                UIApplication.didBecomeActiveNotification,
            ] {
                NotificationCenter.default.post(name: name, object: nil)
                phases.append(told.withLock { $0.last } ?? .active)
            }
            scenes.stop()
            NotificationCenter.default.post(name: UIApplication.willResignActiveNotification, object: nil)

            #expect(phases == [.inactive, .background, .active] && told.withLock { $0.count } == 3)
        }
    }

    @Test(arguments: [
        (UIApplication.State.active, SystemScenes.Phase.active), (.inactive, .inactive), (.background, .background),
    ])
    func thePhaseOfNowIsTheApplications(state: UIApplication.State, phase: SystemScenes.Phase) async {
        await phone.run {
            phone.application.state.withLock { $0.applicationState = state }
            #expect(SystemScenes().phase == phase)
        }
    }

    @Test func theCoverLiesOverEverySceneAndAboveAlertsUntilItGoes() async throws {
        try await phone.run {
            let scenes = [UIWindowScene(), UIWindowScene()]
            phone.application.scenes = Set(scenes)
            let cover = PrivacyCover()
            cover.show()
            cover.show()

            for scene in scenes {
                let seen = scene.windows.filter { !$0.isHidden }
                #expect(seen.count == 1 && scene.windows.count == 2)
                let window = try #require(seen.first)
                #expect(window.windowLevel.rawValue > UIWindow.Level.alert.rawValue)
                #expect(window.rootViewController?.view?.backgroundColor === UIColor.systemBackground)
            }
            cover.hide()
            #expect(scenes.allSatisfy { $0.windows.allSatisfy(\.isHidden) })
        }
    }

    @Test func everyChangeOfClockZoneOrLanguageIsTold() {
        let told = Recorded(0)
        var events: ClockEvents? = ClockEvents { told.withLock { $0 += 1 } }
        let names: [Notification.Name] = [
            .NSSystemClockDidChange, .NSSystemTimeZoneDidChange, NSLocale.currentLocaleDidChangeNotification,
            UIApplication.significantTimeChangeNotification,
        ]
        for name in names { NotificationCenter.default.post(name: name, object: nil) }
        #expect(told.withLock { $0 } == 4 && events != nil)
        events = nil
        NotificationCenter.default.post(name: .NSSystemClockDidChange, object: nil)
        #expect(told.withLock { $0 } == 4)
    }
}

@MainActor @Suite struct SystemActivitiesTests {
    private static let end = Date(timeIntervalSince1970: 1_000)

    private let phone = StubPhone()
    private let activities = SystemActivities()

    @Test func whatIsSignedStandsOnTheLockedScreenUntilItIsOver() async throws {
        try await phone.run {
            await activities.show([card(done: 1)], isSeen: true)
            await activities.show([card(done: 1)], isSeen: true)
            await activities.show([card(done: 3)], isSeen: false)
            let activity = try #require(Activity<SigningAttributes>.activities.first)
            let state = activity.content.state
            #expect(state.done == 3 && state.steps == 4 && state.endsAt == Self.end)
            #expect(activity.content.staleDate == Self.end && activity.attributes.session == "s")
            await activities.show([], isSeen: false)

            #expect(phone.activities.state.withLock { $0.deeds } == ["request", "update", "end"])
            #expect(Activity<SigningAttributes>.activities.isEmpty)
        }
    }

    @Test(arguments: [(true, false), (false, true)])
    func nothingStartsUnseenOrAgainstTheUsersWish(isSeen: Bool, areEnabled: Bool) async {
        await phone.run {
            phone.activities.state.withLock { $0.areEnabled = areEnabled }
            await activities.show([card(done: 1)], isSeen: isSeen)
            #expect(phone.activities.state.withLock { $0.deeds.isEmpty })
        }
    }

    private func card(done: Int) -> LiveCard { LiveCard(session: "s", done: done, steps: 4, endsAt: Self.end) }
}

@Suite struct NotificationServiceTests {
    private final class Service: NotificationService {
        override var resources: any ResourcePort { PlainResources() }
    }

    @Test func aPushSaysThatSomethingWasAskedOnceAndNoMore() throws {
        let service = Service()
        let secret = UNMutableNotificationContent()
        secret.body = "Ada asks for 5 BTC"
        let request = UNNotificationRequest(identifier: "push", content: secret, trigger: nil)
        var delivered: [UNNotificationContent] = []
        service.didReceive(request) { delivered.append($0) }
        service.serviceExtensionTimeWillExpire()

        #expect(delivered.count == 1)
        let content = try #require(delivered.first)
        #expect(content.body == "message_request_redacted" && content.title == "title_request")
        #expect(content.categoryIdentifier == "request" && content.userInfo.isEmpty)
        #expect(content.interruptionLevel == .timeSensitive)
    }
}
