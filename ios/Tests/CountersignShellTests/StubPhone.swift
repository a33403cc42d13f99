import ActivityKit
import AlarmKit
import BackgroundTasks
import Countersign
import Fakes
import LocalAuthentication
import Network
import Recording
import Security
import UIKit
import UserNotifications

/// A phone of a test's own: what it does goes into its records only.
struct StubPhone {
    let timeline: Timeline
    let notifications: NotificationRecord
    let tasks: BackgroundTaskRecord
    let application: ApplicationRecord
    let network = NetworkRecord()
    let keychain = KeychainRecord()
    let prompts = AuthenticationRecord()
    let activities = ActivityRecord()
    let alarms = AlarmRecord()

    init() {
        timeline = Timeline()
        notifications = NotificationRecord(timeline: timeline)
        tasks = BackgroundTaskRecord(timeline: timeline)
        application = ApplicationRecord(timeline: timeline)
    }

    /// Runs on it.
    @MainActor func run<Result>(_ body: @MainActor () async throws -> Result) async rethrows -> Result {
        try await NotificationRecord.$current.withValue(notifications) {
            try await BackgroundTaskRecord.$current.withValue(tasks) {
                try await ApplicationRecord.$current.withValue(application) {
                    try await runOthers(body)
                }
            }
        }
    }

    @MainActor private func runOthers<Result>(_ body: @MainActor () async throws -> Result) async rethrows -> Result {
        try await NetworkRecord.$current.withValue(network) {
            try await KeychainRecord.$current.withValue(keychain) {
                try await AuthenticationRecord.$current.withValue(prompts) {
                    try await ActivityRecord.$current.withValue(activities) {
                        try await AlarmRecord.$current.withValue(alarms) { try await body() }
                    }
                }
            }
        }
    }
}

extension StubPhone {
    /// Waits until the assertion has ended.
    @MainActor func settle() async {
        await until { application.deeds.contains(.end(1)) }
    }

    /// Waits until something holds, for ten seconds at most.
    @MainActor func until(_ holds: () -> Bool) async {
        for _ in 0..<1_000 where !holds() { try? await Task.sleep(for: .milliseconds(10)) }
    }
}
