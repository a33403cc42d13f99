import Foundation
import Recording

/// https://developer.apple.com/documentation/alarmkit/alarmmanager
public class AlarmManager {
    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/authorizationstate-swift.enum
    public enum AuthorizationState: Sendable {
        case notDetermined, denied, authorized
    }

    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/alarmconfiguration
    public struct AlarmConfiguration<Metadata: AlarmMetadata>: Sendable {
        package let schedule: Alarm.Schedule?
        package let attributes: AlarmAttributes<Metadata>

        /// https://developer.apple.com/documentation/alarmkit/alarmmanager/alarmconfiguration/alarm(schedule:attributes:stopintent:secondaryintent:sound:)
        public static func alarm(schedule: Alarm.Schedule?, attributes: AlarmAttributes<Metadata>) -> Self {
            Self(schedule: schedule, attributes: attributes)
        }
    }

    private let record: AlarmRecord

    init(record: AlarmRecord) {
        self.record = record
    }

    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/shared
    public static var shared: AlarmManager { AlarmManager(record: .current) }

    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/authorizationstate-swift.property
    public var authorizationState: AuthorizationState { record.state.withLock { $0.authorization } }

    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/requestauthorization()
    public func requestAuthorization() async throws -> AuthorizationState { record.ask() }

    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/alarms
    public var alarms: [Alarm] { get throws { try record.listed() } }

    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/alarmupdates-swift.property
    public var alarmUpdates: some AsyncSequence<[Alarm], Never> { record.updates() }

    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/schedule(id:configuration:)
    public func schedule<Metadata: AlarmMetadata>(
        id: UUID, configuration: AlarmConfiguration<Metadata>
    ) async throws -> Alarm {
        let alert = configuration.attributes.presentation.alert
        return try record.schedule(
            Alarm(id: id, schedule: configuration.schedule), texts: [alert.title.text, alert.stopButton.text.text])
    }

    /// https://developer.apple.com/documentation/alarmkit/alarmmanager/cancel(id:)
    public func cancel(id: UUID) throws { try record.cancel(id) }
}
