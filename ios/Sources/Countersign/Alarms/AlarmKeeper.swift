import CountersignBindings

/// Makes the system's alarms equal to what there should be, and keeps the notifications of the same moments quiet.
public struct AlarmKeeper: Sendable {
    private let source: any StatusSource
    private let port: any AlarmPort
    private let report: @Sendable (any Error) -> Void

    /// Makes a keeper; `report` hears of what the system refuses: the notification makes its sound then.
    public init(
        source: any StatusSource, port: any AlarmPort, report: @escaping @Sendable (any Error) -> Void = { _ in }
    ) {
        self.source = source
        self.port = port
        self.report = report
    }

    /// Returns the plan with what is left to the notifications: one that an alarm rings for makes no sound.
    func follow(_ plan: Plan) async throws -> Plan {
        let wanted = port.access == .allowed ? AlarmPolicy.alarms(plan, of: try await source.status()) : []
        let rings = await makeEqual(to: wanted)
        var left = plan
        left.items = plan.items.map { rings.contains($0.key) ? $0.silenced : $0 }
        return left
    }

    /// Returns for which notifications an alarm rings.
    private func makeEqual(to wanted: [PlannedAlarm]) async -> Set<NotificationKey> {
        do {
            let held = try await port.held()
            var there = Set(held.map(\.id))
            for operation in AlarmReconciler.reconcile(wanted, with: held) {
                switch operation {
                case .cancel(let id): there.remove(id)
                case .set(let alarm): there.insert(alarm.id)
                }
                do {
                    try await port.apply(operation)
                } catch {
                    if case .set(let alarm) = operation { there.remove(alarm.id) }
                    report(error)
                }
            }
            return Set(wanted.filter { there.contains($0.id) }.map(\.key))
        } catch {
            report(error)
            return []
        }
    }
}

extension PlannedNotification {
    /// The same without a sound: another version, so that it takes the place of the one with.
    fileprivate var silenced: PlannedNotification {
        var quiet = self
        quiet.importance = .silent
        quiet.contentHash = ~contentHash
        return quiet
    }
}
