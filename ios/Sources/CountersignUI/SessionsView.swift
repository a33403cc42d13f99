#if canImport(SwiftUI)
    import Countersign
    import SwiftUI

    /// Everything that goes on: what the app says, what is asked, what is signed.
    public struct SessionsView: View {
        private let store: SessionStore
        private let resources: any ResourcePort
        private let deeds: Deeds

        /// Shows what a store has, as it changes.
        public init(store: SessionStore, resources: any ResourcePort, deeds: Deeds) {
            self.store = store
            self.resources = resources
            self.deeds = deeds
        }

        public var body: some View {
            if let screen = store.screen {
                List {
                    ForEach(screen.banners, id: \.place) { banner in
                        BannerView(banner: banner, resources: resources, deeds: deeds)
                    }
                    ForEach(screen.reasons, id: \.place) { reason in
                        ReasonView(reason: reason, resources: resources, deeds: deeds)
                    }
                    ForEach(screen.requests, id: \.session) { request in
                        RequestView(request, announcer: store.announcer, resources: resources, deeds: deeds)
                    }
                    Section {
                        ForEach(screen.sessions, id: \.id) { card in
                            Button(action: { deeds.open(card.id) }) { line(card) }
                        }
                        if screen.sessions.isEmpty {
                            PhraseText(phrase: Phrase("screen_no_sessions"), resources: resources)
                        }
                    } header: {
                        PhraseText(phrase: Phrase("screen_sessions"), resources: resources)
                    }
                }
            } else {
                ProgressView().accessibilityLabel(Text(verbatim: Phrase("screen_opening").resolved(by: resources)))
            }
        }

        private func line(_ card: SessionCard) -> some View {
            VStack(alignment: .leading) {
                Text(verbatim: card.proposal.wallet).font(.headline).privacySensitive()
                PhraseText(phrase: card.message, resources: resources)
                HStack {
                    PhraseText(phrase: card.phaseLabel, resources: resources)
                    if let end = card.endsAt {
                        CountdownText(session: card.id, end: end, announcer: store.announcer, resources: resources)
                    }
                }
                .font(.footnote)
            }
            .frame(minHeight: 44)
            .opacity(card.isGreyed ? 0.5 : 1)
            .accessibilityElement(children: .combine)
        }
    }
#endif
