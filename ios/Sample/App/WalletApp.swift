import Countersign
import CountersignUI
import SwiftUI

/// A wallet that signs with others.
@main
struct WalletApp: App {
    @State private var phone = Phone()

    init() {
        phone.launch()
    }

    var body: some Scene {
        WindowGroup { RootView(phone: phone) }
    }
}

/// The list, or the session that is open.
struct RootView: View {
    let phone: Phone

    var body: some View {
        if let store = phone.coSigner?.store, let screen = store.screen,
            let card = screen.sessions.first(where: { $0.id == phone.opened })
        {
            VStack(alignment: .leading) {
                Button(action: { phone.opened = nil }) {
                    Text(verbatim: Phrase("screen_sessions").resolved(by: phone.resources))
                }
                SessionView(
                    card,
                    participants: participants(of: card, in: screen),
                    request: screen.requests.first { $0.session == card.id },
                    reasons: screen.reasons,
                    announcer: store.announcer,
                    resources: phone.resources,
                    deeds: phone.deeds)
            }
        } else if let store = phone.coSigner?.store {
            SessionsView(store: store, resources: phone.resources, deeds: phone.deeds)
            Button(action: { phone.turnAlarms(on: !phone.rings) }) {
                HStack {
                    Image(systemName: phone.rings ? "alarm.fill" : "alarm").accessibilityHidden(true)
                    Text(verbatim: Phrase("screen_alarms").resolved(by: phone.resources))
                }
                .frame(minHeight: 44)
            }
        } else if let fault = phone.fault {
            Text(verbatim: fault)
        } else {
            ProgressView()
        }
    }

    private func participants(of card: SessionCard, in screen: Countersign.Screen) -> [ParticipantRow] {
        screen.wallets.first { $0.id == card.wallet }?.rows ?? []
    }
}
