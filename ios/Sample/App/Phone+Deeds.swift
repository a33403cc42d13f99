import Countersign
import CountersignShell
import CountersignUI

extension Phone {
    /// What the screens do.
    var deeds: Deeds {
        Deeds(
            approve: { session in self.sign(session) },
            decline: { session in self.perform { try await $0.decline(session: session, reason: .user) } },
            open: { session in self.opened = session },
            next: { session, action in self.take(action, of: session) },
            row: { participant, action in self.perform { try await Self.row(action, of: participant, at: $0) } },
            remedy: { remedy in self.remove(what: remedy) }
        )
    }

    /// Does something with the node, and shows what went wrong.
    func perform(_ deed: @escaping @Sendable (Node) async throws -> Void) {
        guard let node = coSigner?.node else { return }
        Task {
            do {
                try await deed(node)
            } catch {
                fault = String(describing: error)
            }
        }
    }

    /// Signs, also if the app is left meanwhile: a system that cannot now lets the signature wait for the return.
    private func sign(_ session: SessionId) {
        guard let node = coSigner?.node else { return }
        try? signing?.begin(session)
        Task {
            do {
                try await node.approve(session: session)
            } catch {
                signing?.giveUp(session)
                fault = String(describing: error)
            }
        }
    }

    private func take(_ action: NextAction, of session: SessionId) {
        switch action {
        case .unlock: sign(session)
        case .connect: perform { try await $0.connect(participant: nil) }
        case .agreeToExtension: perform { try await $0.extend(session: session, lastsMs: nil) }
        case .answer, .open, .setClock, .wait: break
        }
    }

    private func remove(what remedy: Remedy) {
        Task {
            do {
                if try await SystemRemedies.apply(remedy) { return }
            } catch {
                fault = String(describing: error)
            }
            switch remedy {
            case .connect: perform { try await $0.connect(participant: nil) }
            case .issueCard: perform { try await $0.issueCard(nickname: "") }
            // The app's own: its way of giving a card to somebody; the rest is the system's.
            case .invite, .openNetworkSettings, .openAppSettings, .openBatterySettings, .allowNotifications,
                .allowTimeSensitive:
                break
            }
        }
    }

    private nonisolated static func row(
        _ action: RowAction, of participant: ParticipantKey, at node: Node
    ) async throws {
        switch action {
        case .connect, .retry: try await node.connect(participant: participant)
        case .cancel: try await node.stopConnecting(participant: participant)
        // The app's own: its way of giving a card, or a word, to somebody.
        case .invite, .nudge: break
        }
    }
}
