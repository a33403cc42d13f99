#if canImport(SwiftUI)
    import Countersign
    import SwiftUI

    /// A session: what is signed, by whom, how far it is, and what can be done.
    public struct SessionView: View {
        private let card: SessionCard
        private let rows: [ParticipantRow]
        private let request: RequestCard?
        private let reasons: [RunReason]
        private let announcer: Announcer
        private let resources: any ResourcePort
        private let deeds: Deeds

        /// Shows one, with the participants of its wallet, the request if it was asked by another, and what stands in the way.
        public init(
            _ card: SessionCard,
            participants rows: [ParticipantRow],
            request: RequestCard?,
            reasons: [RunReason],
            announcer: Announcer,
            resources: any ResourcePort,
            deeds: Deeds
        ) {
            self.card = card
            self.rows = rows
            self.request = request
            self.reasons = reasons
            self.announcer = announcer
            self.resources = resources
            self.deeds = deeds
        }

        public var body: some View {
            List {
                ForEach(reasons, id: \.place) { reason in
                    ReasonView(reason: reason, resources: resources, deeds: deeds)
                }
                Section {
                    if let request {
                        RequestView(request, announcer: announcer, resources: resources, deeds: deeds)
                    } else {
                        ProposalView(proposal: card.proposal, resources: resources)
                        PhraseText(phrase: card.message, resources: resources)
                    }
                } header: {
                    PhraseText(phrase: Phrase("screen_signed_heading"), resources: resources)
                }
                Section {
                    RoundView(label: "screen_round_one", segments: card.nonces, resources: resources)
                    RoundView(label: "screen_round_two", segments: card.partials, resources: resources)
                    if let end = card.endsAt {
                        CountdownText(session: card.id, end: end, announcer: announcer, resources: resources)
                    }
                    if let blocking = card.blocking { PhraseText(phrase: blocking.label, resources: resources) }
                    if let next = card.nextAction, let label = card.nextLabel {
                        Button(action: { deeds.next(card.id, next) }) {
                            PhraseText(phrase: label, resources: resources)
                        }
                        .frame(minHeight: 44)
                    }
                } header: {
                    PhraseText(phrase: card.phaseLabel, resources: resources)
                }
                Section {
                    ForEach(rows, id: \.key) { row in
                        ParticipantView(row, resources: resources, deeds: deeds)
                    }
                } header: {
                    PhraseText(phrase: Phrase("screen_participants"), resources: resources)
                }
            }
            .opacity(card.isGreyed ? 0.5 : 1)
        }
    }
#endif
