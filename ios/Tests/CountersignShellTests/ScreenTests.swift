import Accessibility
import Countersign
import CountersignShell
import CountersignUI
import Fakes
import Foundation
import Recording
import Testing
import UIKit
import UserNotifications

@testable import SwiftUI

@MainActor @Suite struct ScreenTests {
    private static let nowhere = PlatformFacts(
        notifications: false, background: true, timeSensitive: true, lowPower: false)

    private let phone = StubPhone()
    private let store = SessionStore(presenter: SessionPresenter(resources: PlainResources()))
    private let done = Recorded<[String]>([])

    @Test func whatStandsInTheWayIsSaidWithItsRemedyOnEveryScreen() async {
        await follow(.make(sessions: [.make()], connectivity: Self.missing))
        store.know(Self.nowhere)

        for drawing in [Drawing(of: sessions), Drawing(of: session)] {
            let reasons = drawing.texts.filter { $0.hasPrefix("reason_") }
            #expect(reasons == ["reason_notifications_denied", "reason_missing count(2)"], "the weightiest first")
            #expect(drawing.touch("remedy_allow") && drawing.touch("remedy_connect"))
        }
        #expect(done.withLock { $0 } == ["allowNotifications", "connect", "allowNotifications", "connect"])
    }

    @Test func whoeverIsConnectedAndAllowedEverythingSeesNoReason() async {
        await follow(.make(sessions: [.make()]))
        store.know(.everything)
        #expect(Drawing(of: sessions).texts.allSatisfy { !$0.hasPrefix("reason_") })
    }

    @Test func aReaderHearsTheMomentsOfASessionOnceOnBothScreensTogether() async {
        let said = AnnouncementRecord()
        await AnnouncementRecord.$current.withValue(said) {
            // One minute is left in a moment.
            await follow(.make(sessions: [.make(remainingMs: 60_900)]))
            let tasks = Drawing(of: sessions).tasks + Drawing(of: session).tasks
            #expect(tasks.count == 2)
            let counting = tasks.map { task in Task { await task() } }
            await phone.until { !said.said.withLock { $0.isEmpty } }
            try? await Task.sleep(for: .milliseconds(300))
            for count in counting { count.cancel() }
            for count in counting { await count.value }
        }
        #expect(said.said.withLock { $0 } == ["message_expiring_minutes count(1)"])
    }

    @Test(arguments: [
        (Remedy.allowNotifications, UNAuthorizationStatus.denied, "app-settings:notifications"),
        (.allowTimeSensitive, .authorized, "app-settings:notifications"),
        (.openAppSettings, .authorized, "app-settings:"), (.openNetworkSettings, .authorized, "app-settings:"),
        (.openBatterySettings, .authorized, "app-settings:"),
    ])
    func aRemedyOfTheSystemsOpensItsPage(remedy: Remedy, status: UNAuthorizationStatus, page: String) async throws {
        try await phone.run {
            phone.notifications.state.withLock { $0.authorization = status }
            let isDone = try await SystemRemedies.apply(remedy)
            #expect(isDone && phone.application.state.withLock { $0.opened } == [page])
            #expect(phone.notifications.deeds.isEmpty, "nobody is asked a second time")
        }
    }

    @Test func whoWasNeverAskedForNotificationsIsAsked() async throws {
        try await phone.run {
            phone.notifications.state.withLock { $0.authorization = .notDetermined }
            let isDone = try await SystemRemedies.apply(.allowNotifications)
            #expect(isDone && phone.notifications.deeds == [.askAuthorization(0b111)])
        }
    }

    @Test(arguments: [Remedy.issueCard, .invite, .connect])
    func whatTheAppDoesIsLeftToIt(remedy: Remedy) async throws {
        try await phone.run {
            let isDone = try await SystemRemedies.apply(remedy)
            #expect(!isDone && phone.application.state.withLock { $0.opened.isEmpty })
        }
    }

    private static let missing = Connectivity(state: .partly, reasons: [.missing(cosigners: 2)], relays: [])

    private var deeds: Deeds {
        Deeds(
            approve: { _ in }, decline: { _ in }, open: { _ in }, next: { _, _ in }, row: { _, _ in },
            remedy: { [done] remedy in done.withLock { $0.append("\(remedy)") } })
    }

    private var sessions: SessionsView { SessionsView(store: store, resources: PlainResources(), deeds: deeds) }

    private var session: SessionView? {
        store.screen.flatMap { screen in
            screen.sessions.first.map { card in
                SessionView(
                    card, participants: [], request: nil, reasons: screen.reasons, announcer: store.announcer,
                    resources: PlainResources(), deeds: deeds)
            }
        }
    }

    private func follow(_ status: Status) async {
        let signals = Coalescer(after: .zero, clock: ContinuousClock())
        let following = Task { await store.follow(Fixed(value: status), signals: signals) { _ in } }
        signals.signal()
        await phone.until { store.screen != nil }
        following.cancel()
        await following.value
    }
}

/// A core whose status never changes.
private struct Fixed: StatusSource {
    let value: Status

    func status() async throws -> Status { value }
}
