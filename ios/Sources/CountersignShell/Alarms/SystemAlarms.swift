// The compiler that comes with the systems of 26 is the first that knows alarms.
#if canImport(AlarmKit) && !os(macOS) && (STUBS || compiler(>=6.2))
    import AlarmKit
    import Countersign
    import Foundation
    import SwiftUI

    /// The alarms of `AlarmManager`: they pass the user's quiet, and the switch that silences the phone.
    @available(iOS 26.0, *)
    public struct SystemAlarms: AlarmPort {
        private let resources: any ResourcePort
        private let isWanted: @Sendable () -> Bool

        /// Speaks through the app's resources; `isWanted` is the user's own switch in the app.
        public init(resources: any ResourcePort, isWanted: @escaping @Sendable () -> Bool) {
            self.resources = resources
            self.isWanted = isWanted
        }

        static func ask() async throws -> Bool {
            try await AlarmManager.shared.requestAuthorization() == .authorized
        }

        public var access: AlarmAccess {
            guard isWanted() else { return .off }
            switch AlarmManager.shared.authorizationState {
            case .notDetermined: return .notAsked
            case .denied: return .denied
            case .authorized: return .allowed
            @unknown default: return .denied
            }
        }

        public func held() throws -> [HeldAlarm] {
            // Without the user's leave there are none, and asking for them is an error.
            guard AlarmManager.shared.authorizationState == .authorized else { return [] }
            return try AlarmManager.shared.alarms.compactMap { alarm in
                AlarmId(alarm.id).map { HeldAlarm(id: $0, at: alarm.schedule.flatMap(Self.wallTime)) }
            }
        }

        public func apply(_ operation: AlarmOperation) async throws {
            switch operation {
            case .set(let alarm):
                _ = try await AlarmManager.shared.schedule(id: alarm.id.uuid, configuration: configuration(of: alarm))
            case .cancel(let id): try AlarmManager.shared.cancel(id: id.uuid)
            }
        }

        static func follow(_ changed: @Sendable () -> Void) async {
            for await _ in AlarmManager.shared.alarmUpdates { changed() }
        }

        private func configuration(of alarm: PlannedAlarm) -> AlarmManager.AlarmConfiguration<SigningAlarm> {
            let stop = AlarmButton(
                text: text(Action.dismiss.label), textColor: .white, systemImageName: "stop.circle")
            let presentation = AlarmPresentation(
                alert: AlarmPresentation.Alert(title: text(alarm.title), stopButton: stop))
            let at = Date(timeIntervalSince1970: Double(alarm.at) / 1_000)
            return .alarm(
                schedule: .fixed(at), attributes: AlarmAttributes(presentation: presentation, tintColor: .orange))
        }

        private func text(_ phrase: Phrase) -> LocalizedStringResource {
            LocalizedStringResource(stringLiteral: phrase.resolved(by: resources))
        }

        private static func wallTime(_ schedule: Alarm.Schedule) -> WallTime? {
            switch schedule {
            case .fixed(let date): WallTime((date.timeIntervalSince1970 * 1_000).rounded())
            case .relative: nil
            @unknown default: nil
            }
        }
    }

    /// What the system keeps with an alarm: nothing.
    @available(iOS 26.0, *)
    struct SigningAlarm: AlarmMetadata {}
#endif
