#if canImport(SwiftUI)
    import Accessibility
    import Countersign
    import Foundation
    import SwiftUI

    /// A text of the app's resources.
    struct PhraseText: View {
        let phrase: Phrase
        let resources: any ResourcePort

        var body: some View { Text(verbatim: phrase.resolved(by: resources)) }
    }

    /// What is left of a session: drawn by the system, and said at a few moments.
    struct CountdownText: View {
        let session: SessionId
        let end: ContinuousClock.Instant
        let announcer: Announcer
        let resources: any ResourcePort

        var body: some View {
            Text(timerInterval: interval, countsDown: true).monospacedDigit()
                .task(id: end) { await announce() }
        }

        private func announce() async {
            for await tick in CountdownTicker(to: end, clock: ContinuousClock()) {
                guard let words = announcer.words(for: tick, of: session, endsAt: end) else { continue }
                AccessibilityNotification.Announcement(words.resolved(by: resources)).post()
            }
        }

        private var interval: ClosedRange<Date> {
            let now = Date()
            let left = ContinuousClock.now.duration(to: end).components.seconds
            return now...now.addingTimeInterval(Double(max(0, left)))
        }
    }

    /// A round: how many of the contributions are there.
    struct RoundView: View {
        let label: String
        let segments: [Segment]
        let resources: any ResourcePort

        var body: some View {
            let done = segments.filter(\.isDone).count
            let text = Phrase(label, [.count(UInt64(done)), .count(UInt64(segments.count))])
            VStack(alignment: .leading) {
                PhraseText(phrase: text, resources: resources).font(.footnote)
                ProgressView(value: Double(done), total: Double(max(1, segments.count))).accessibilityHidden(true)
            }
        }
    }

    /// What is said above everything else.
    struct BannerView: View {
        let banner: Banner
        let resources: any ResourcePort
        let deeds: Deeds

        var body: some View {
            Button(action: { if let session = banner.session { deeds.open(session) } }) {
                HStack {
                    Image(systemName: banner.role.symbol).accessibilityHidden(true)
                    PhraseText(phrase: banner.label, resources: resources)
                }
                .foregroundStyle(banner.role.colour)
                .frame(minHeight: 44)
            }
            .disabled(banner.session == nil)
        }
    }

    /// Why we are not fully connected, or would be late, and what the user can do.
    struct ReasonView: View {
        let reason: RunReason
        let resources: any ResourcePort
        let deeds: Deeds

        var body: some View {
            HStack {
                Image(systemName: ColourRole.warning.symbol).accessibilityHidden(true)
                PhraseText(phrase: reason.label, resources: resources)
                if let remedy = reason.remedy {
                    Button(action: { deeds.remedy(remedy) }) {
                        PhraseText(phrase: remedy.label, resources: resources)
                    }
                    .frame(minHeight: 44)
                }
            }
            .foregroundStyle(ColourRole.warning.colour)
        }
    }

    extension Banner {
        /// Tells it from the others of a screen.
        var place: String { label.resource + (session ?? "") }
    }

    extension RunReason {
        /// Tells it from the others of a screen.
        var place: String { label.resource }
    }

    extension ColourRole {
        var colour: Color {
            switch self {
            case .neutral: .secondary
            case .success: .green
            case .warning: .orange
            case .error: .red
            }
        }

        /// No colour says anything alone.
        var symbol: String {
            switch self {
            case .neutral: "circle"
            case .success: "checkmark.circle.fill"
            case .warning: "clock.fill"
            case .error: "exclamationmark.triangle.fill"
            }
        }
    }
#endif
