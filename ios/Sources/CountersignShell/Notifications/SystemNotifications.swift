#if canImport(UserNotifications)
    import Countersign
    import Foundation
    import UserNotifications

    /// The notifications of `UNUserNotificationCenter`, one for each key; those that are not ours are left alone.
    public final class SystemNotifications: NotificationPort {
        /// The system said no in time to what it was told: the next run tries again.
        struct StillLeaving: Error {}

        private static let patience = (tries: 100, pause: Duration.milliseconds(10))

        /// The soonest 64 are kept; the plan leaves some to the app.
        static let capabilities = Capabilities(maxPending: 60, canPreschedule: true, liveUpdate: false)

        /// What the system can do.
        public var capabilities: Capabilities { Self.capabilities }

        private let composer: NotificationComposer
        private let content: NotificationContent
        private let clockLeadMs: @Sendable () -> Int64
        private let departures = Locked((pending: Departures(), shown: Departures()))

        /// Speaks through the app's resources; `privacy` is for who may look at a locked screen, and redacts unless the user says otherwise.
        public convenience init(
            resources: any ResourcePort,
            privacy: @escaping @Sendable () -> NotificationPrivacy = { .redacted }
        ) {
            self.init(resources: resources, privacy: privacy, clockLeadMs: BootClock.leadMs)
        }

        init(
            resources: any ResourcePort,
            privacy: @escaping @Sendable () -> NotificationPrivacy,
            clockLeadMs: @escaping @Sendable () -> Int64
        ) {
            composer = NotificationComposer(resources: resources)
            content = NotificationContent(resources: resources, privacy: privacy)
            self.clockLeadMs = clockLeadMs
        }

        public func place(of item: PlannedNotification) -> String { item.key }

        public func held() async -> Held {
            let center = UNUserNotificationCenter.current()
            let pending = stamps(of: await center.pendingNotificationRequests())
            let shown = stamps(of: await center.deliveredNotifications().map(\.request))
            let look = content.look(clockLeadMs: clockLeadMs())
            let staying = departures.withLock { departures in
                (departures.pending.staying(Array(pending.keys)), departures.shown.staying(Array(shown.keys)))
            }
            var held = Held()
            for key in staying.0 { held.pending[key] = pending[key]?.heldVersion(under: look) }
            for key in staying.1 {
                held.shown[key] = shown[key].map { stamp in
                    Held.Content(key: key, contentHash: stamp.shownVersion(under: look))
                }
            }
            return held
        }

        public func apply(_ operation: PlanOperation) async throws {
            let center = UNUserNotificationCenter.current()
            switch operation {
            case .hold(let item), .show(let item), .update(let item):
                try await waitUntilGone(item.key)
                let stamp = NotificationStamp(
                    contentHash: item.contentHash, look: content.look(clockLeadMs: clockLeadMs()))
                try await center.add(
                    UNNotificationRequest(
                        identifier: item.key,
                        content: content.make(composer.compose(item), stamp: stamp),
                        trigger: operation.trigger.flatMap(SystemTrigger.make)
                    ))
            case .release(let key):
                departures.withLock { $0.pending.left(key) }
                center.removePendingNotificationRequests(withIdentifiers: [key])
            case .takeAway(let place):
                departures.withLock { $0.shown.left(place) }
                center.removeDeliveredNotifications(withIdentifiers: [place])
            }
        }

        /// A removal that comes late would take what was added after it.
        private func waitUntilGone(_ key: NotificationKey) async throws {
            let center = UNUserNotificationCenter.current()
            for _ in 0..<Self.patience.tries {
                let pending = await center.pendingNotificationRequests().map(\.identifier)
                let shown = await center.deliveredNotifications().map(\.request.identifier)
                let isLeaving = departures.withLock { departures in
                    let leaves = departures.pending.isLeaving(key, listed: pending)
                    return departures.shown.isLeaving(key, listed: shown) || leaves
                }
                if !isLeaving { return }
                try await Task.sleep(for: Self.patience.pause)
            }
            throw StillLeaving()
        }

        private func stamps(of requests: [UNNotificationRequest]) -> [NotificationKey: NotificationStamp] {
            var stamps: [NotificationKey: NotificationStamp] = [:]
            for request in requests { stamps[request.identifier] = NotificationContent.stamp(of: request) }
            return stamps
        }
    }
#endif
