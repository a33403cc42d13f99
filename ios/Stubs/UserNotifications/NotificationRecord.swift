import Foundation
import Recording

/// What a test reads of the center, and says in its place; each task has the one that it was given.
package final class NotificationRecord: Sendable {
    package enum Deed: Equatable, Sendable {
        case add(String)
        case removePending([String])
        case removeDelivered([String])
        case askAuthorization(UInt)
        case badge(Int)
    }

    package struct State {
        package var authorization = UNAuthorizationStatus.authorized
        package var timeSensitive = UNNotificationSetting.enabled
        /// What an addition waits for, and is refused with.
        package var beforeAdd: (@Sendable (String) async throws -> Void)?
        /// Whether removals wait for `removeNow()`.
        package var removesLate = false
        fileprivate var deeds: [Deed] = []
        fileprivate var pending: [UNNotificationRequest] = []
        fileprivate var delivered: [UNNotification] = []
        fileprivate var late: [Deed] = []
    }

    final class Delegate {
        weak var value: (any UNUserNotificationCenterDelegate)?
    }

    @TaskLocal package static var current = NotificationRecord()

    package let state = Recorded(State())
    package let categories = Recorded<[UNNotificationCategory]>([])
    let delegate = Recorded(Delegate())

    private let timeline: Timeline

    package init(timeline: Timeline = Timeline()) {
        self.timeline = timeline
    }

    package var deeds: [Deed] { state.withLock { $0.deeds } }
    package var pending: [UNNotificationRequest] { state.withLock { $0.pending } }
    package var delivered: [UNNotification] { state.withLock { $0.delivered } }

    func add(_ deed: Deed) {
        timeline.add("\(deed)")
        state.withLock { $0.deeds.append(deed) }
    }

    func keep(_ request: UNNotificationRequest) {
        add(.add(request.identifier))
        state.withLock { state in
            if request.trigger != nil {
                state.pending.removeAll { $0.identifier == request.identifier }
                state.pending.append(request)
                state.pending = Self.soonest(state.pending)
            } else {
                state.delivered.removeAll { $0.request.identifier == request.identifier }
                state.delivered.append(UNNotification(request: request))
            }
        }
    }

    /// The system keeps so many, and says nothing of the rest.
    private static func soonest(_ pending: [UNNotificationRequest]) -> [UNNotificationRequest] {
        let order = pending.enumerated().sorted { ($0.element.firesIn, $0.offset) < ($1.element.firesIn, $1.offset) }
        let kept = Set(order.prefix(64).map(\.offset))
        return pending.enumerated().filter { kept.contains($0.offset) }.map(\.element)
    }

    func remove(_ removal: Deed) {
        add(removal)
        let isNow = state.withLock { state in
            state.late.append(removal)
            return !state.removesLate
        }
        if isNow { removeNow() }
    }

    /// Lets the removals happen that wait.
    package func removeNow() {
        state.withLock { state in
            for removal in state.late {
                switch removal {
                case .removePending(let ids): state.pending.removeAll { ids.contains($0.identifier) }
                case .removeDelivered(let ids): state.delivered.removeAll { ids.contains($0.request.identifier) }
                case .add, .askAuthorization, .badge: break
                }
            }
            state.late = []
        }
    }

    /// Lets the time of a pending one come.
    package func deliver(_ identifier: String) {
        state.withLock { state in
            for request in state.pending where request.identifier == identifier {
                state.delivered.append(UNNotification(request: request))
            }
            state.pending.removeAll { $0.identifier == identifier }
        }
    }
}

extension UNNotificationRequest {
    /// In how many seconds it is shown.
    fileprivate var firesIn: Double {
        switch trigger {
        case let trigger as UNTimeIntervalNotificationTrigger: trigger.timeInterval
        case let trigger as UNCalendarNotificationTrigger: trigger.dateComponents.date?.timeIntervalSinceNow ?? 0
        default: 0
        }
    }
}
