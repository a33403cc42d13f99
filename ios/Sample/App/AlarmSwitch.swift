import CountersignShell
import Foundation

/// The user's switch: whether an alarm rings before a session ends that waits for them.
///
/// It is off unless turned on.
enum AlarmSwitch {
    private static let key = "alarms"

    static var isOn: Bool { UserDefaults.standard.bool(forKey: key) }

    /// Turns it; the system asks where it has not asked yet.
    static func turn(on isOn: Bool) async throws {
        UserDefaults.standard.set(isOn, forKey: key)
        if isOn { _ = try await Alarms.ask() }
    }
}
