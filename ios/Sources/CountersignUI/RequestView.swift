#if canImport(SwiftUI)
    import Countersign
    import SwiftUI

    /// What a co-signer asks: greyed once it waits no more.
    public struct RequestView: View {
        private let card: RequestCard
        private let announcer: Announcer
        private let resources: any ResourcePort
        private let deeds: Deeds

        /// Shows one.
        public init(_ card: RequestCard, announcer: Announcer, resources: any ResourcePort, deeds: Deeds) {
            self.card = card
            self.announcer = announcer
            self.resources = resources
            self.deeds = deeds
        }

        public var body: some View {
            VStack(alignment: .leading, spacing: 8) {
                ProposalView(proposal: card.proposal, resources: resources)
                PhraseText(phrase: card.message, resources: resources)
                PhraseText(phrase: signed, resources: resources).font(.footnote)
                ProgressView(value: Double(card.signed), total: Double(max(1, card.participants)))
                    .accessibilityHidden(true)
                if let end = card.endsAt {
                    CountdownText(session: card.session, end: end, announcer: announcer, resources: resources)
                } else {
                    PhraseText(phrase: card.stateLabel, resources: resources)
                }
                HStack {
                    ForEach(card.actions, id: \.identifier) { action in
                        Button(role: action == .reject ? .destructive : nil, action: { perform(action) }) {
                            PhraseText(phrase: action.label, resources: resources)
                        }
                        .frame(minHeight: 44)
                    }
                }
                .disabled(card.isGreyed)
            }
            .opacity(card.isGreyed ? 0.5 : 1)
        }

        private var signed: Phrase {
            Phrase("screen_signed_of", [.count(UInt64(card.signed)), .count(UInt64(card.participants))])
        }

        private func perform(_ action: Action) {
            switch action {
            case .approve: deeds.approve(card.session)
            case .reject: deeds.decline(card.session)
            case .view, .dismiss, .extend: deeds.open(card.session)
            }
        }
    }

    /// What is to be signed, in the proposer's words, which nobody has checked.
    struct ProposalView: View {
        let proposal: Proposal
        let resources: any ResourcePort

        var body: some View {
            VStack(alignment: .leading) {
                Text(verbatim: proposal.wallet).font(.headline)
                if let by = proposal.by {
                    PhraseText(phrase: Phrase("screen_peer_words", [.words(by.name)]), resources: resources)
                        .font(.footnote)
                }
                Text(verbatim: proposal.words)
                PhraseText(phrase: Phrase("screen_items", count: proposal.items), resources: resources)
            }
            .privacySensitive()
        }
    }
#endif
