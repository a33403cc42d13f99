#if canImport(SwiftUI)
    import Countersign
    import Foundation
    import SwiftUI

    /// A text of the app's resources.
    struct PhraseText: View {
        let phrase: Phrase
        let resources: any ResourcePort

        var body: some View { Text(verbatim: phrase.resolved(by: resources)) }
    }

    /// What is left until a moment, drawn by the system.
    struct CountdownText: View {
        let end: ContinuousClock.Instant

        var body: some View {
            Text(timerInterval: interval, countsDown: true).monospacedDigit()
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

    extension Banner {
        /// Tells it from the others of a screen.
        var place: String { label.resource + (session ?? "") }
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
