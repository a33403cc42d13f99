#if canImport(ActivityKit) && !os(macOS)
    import ActivityKit
    import Countersign
    import Foundation

    /// The live activities of what is being signed.
    public struct SystemActivities: Sendable {
        private let report: @Sendable (any Error) -> Void

        /// Makes the port; `report` hears of what the system refuses.
        public init(report: @escaping @Sendable (any Error) -> Void = { _ in }) {
            self.report = report
        }

        /// Makes the activities equal to what is being signed; one starts only while the app is seen.
        public func show(_ wanted: [LiveCard], isSeen: Bool) async {
            let shown = Activity<SigningAttributes>.activities.map { LiveCard($0.attributes, $0.content.state) }
            let canStart = isSeen && ActivityAuthorizationInfo().areActivitiesEnabled
            for operation in LiveReconciler.reconcile(wanted, with: shown, isSeen: canStart) {
                switch operation {
                case .start(let card): start(card)
                case .update(let card): await activity(of: card.session)?.update(content(of: card))
                case .end(let session): await activity(of: session)?.end(nil, dismissalPolicy: .immediate)
                }
            }
        }

        private func start(_ card: LiveCard) {
            do {
                _ = try Activity.request(attributes: SigningAttributes(card), content: content(of: card))
            } catch {
                report(error)
            }
        }

        private func activity(of session: SessionId) -> Activity<SigningAttributes>? {
            Activity<SigningAttributes>.activities.first { $0.attributes.session == session }
        }

        private func content(of card: LiveCard) -> ActivityContent<SigningAttributes.ContentState> {
            ActivityContent(state: SigningAttributes.ContentState(card), staleDate: card.endsAt)
        }
    }
#endif
