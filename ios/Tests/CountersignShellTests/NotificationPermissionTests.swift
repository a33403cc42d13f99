import Countersign
import Fakes
import Foundation
import Recording
import Testing
import UIKit
import UserNotifications

@testable import CountersignShell

@MainActor @Suite struct NotificationPermissionTests {
    private let phone = StubPhone()

    @Test(arguments: [
        (UNAuthorizationStatus.notDetermined, false, false), (.denied, false, true), (.authorized, true, true),
        (.provisional, true, true), (.ephemeral, true, true),
    ])
    func everyAnswerOfTheUserIsUnderstood(status: UNAuthorizationStatus, isGranted: Bool, isAsked: Bool) async {
        await phone.run {
            phone.notifications.state.withLock { $0.authorization = status }
            let permission = await NotificationPermission.read()
            #expect(permission.isGranted == isGranted && permission.isAsked == isAsked)
        }
    }

    @Test(arguments: [UNNotificationSetting.notSupported, .disabled, .enabled])
    func timeSensitiveIsOnlyWhatTheUserLeftOn(setting: UNNotificationSetting) async {
        await phone.run {
            phone.notifications.state.withLock { $0.timeSensitive = setting }
            #expect(await NotificationPermission.read().isTimeSensitive == (setting == .enabled))
        }
    }

    @Test func theUserIsAskedForAlertsSoundsAndTheBadge() async throws {
        try await phone.run {
            let isGranted = try await NotificationPermission.ask()
            #expect(isGranted)
            #expect(phone.notifications.deeds == [.askAuthorization(0b111)])
        }
    }

    @Test func everyCategoryHasItsActionsAndAPlaceholderThatGivesNothingAway() async throws {
        try await phone.run {
            let theirs = UNNotificationCategory(
                identifier: "theirs", actions: [], intentIdentifiers: [], hiddenPreviewsBodyPlaceholder: "")
            NotificationCategories.register(resources: PlainResources(), besides: [theirs])

            let categories = phone.notifications.categories.withLock { $0 }
            #expect(Set(categories.map(\.identifier)) == ["request", "ongoing", "warning", "expired", "theirs"])
            let request = try #require(categories.first { $0.identifier == "request" })
            #expect(request.actions.map(\.identifier) == ["view", "dismiss"])
            #expect(request.actions.map(\.options) == [[.foreground], []])
            #expect(request.hiddenPreviewsBodyPlaceholder == "message_request_redacted")
            #expect(request.options == [.customDismissAction, .hiddenPreviewsShowTitle])
        }
    }

    @Test func whatTheUserForbidsIsAReasonWithARemedy() async {
        await phone.run {
            phone.notifications.state.withLock { state in
                state.authorization = .denied
                state.timeSensitive = .disabled
            }
            phone.application.state.withLock { $0.refreshStatus = .denied }
            let facts = await SystemFacts.read()
            #expect(
                facts == PlatformFacts(notifications: false, background: false, timeSensitive: false, lowPower: false))
            let connectivity = Connectivity(state: .resting, reasons: [], relays: [])
            let remedies = RunReasons.list(connectivity, facts: facts).map(\.remedy)
            #expect(remedies == [.allowNotifications, .openAppSettings, .allowTimeSensitive])
        }
    }

    @Test(arguments: [
        (UNAuthorizationStatus.authorized, UNNotificationSetting.enabled, [String]()),
        (.denied, .enabled, ["reason_notifications_denied"]),
        (.notDetermined, .enabled, ["reason_notifications_denied"]), (.provisional, .enabled, []),
        (.authorized, .disabled, ["reason_time_sensitive_off"]),
    ])
    func everyLeaveOfTheUserHasItsReasonsAndThePlanIsAppliedAllTheSame(
        status: UNAuthorizationStatus, timeSensitive: UNNotificationSetting, reasons: [String]
    ) async {
        await phone.run {
            phone.notifications.state.withLock { state in
                state.authorization = status
                state.timeSensitive = timeSensitive
            }
            let plans = ScriptedPlans()
            plans.plan([.make("a:request", due: .now, importance: .timeSensitive), .make("a:expired", due: .later)])
            let port = SystemNotifications(resources: PlainResources())
            await PlanKeeper(source: plans, port: port, clock: EagerClock()).makeEqual()
            let facts = await SystemFacts.read()

            let connected = Connectivity(state: .fully, reasons: [], relays: [])
            #expect(RunReasons.list(connected, facts: facts).map(\.label.resource) == reasons)
            #expect(phone.notifications.deeds == [.add("a:request"), .add("a:expired")])
        }
    }

    @Test func theIconSaysHowManyRequestsWait() async throws {
        try await phone.run {
            try await SystemFacts.show(badge: 3)
            #expect(phone.notifications.deeds == [.badge(3)])
        }
    }
}
