import Countersign
import CountersignShell
import CountersignUI
import Foundation
import Observation

/// The app: a co-signer, and everything that it has of the phone.
@MainActor
@Observable
final class Phone {
    private(set) var coSigner: CoSigner?
    private(set) var fault: String?
    /// The session whose screen is open.
    var opened: SessionId?

    let resources = BundleResources()

    @ObservationIgnored private let identifiers = BackgroundIdentifiers(app: "org.example.wallet")
    @ObservationIgnored private let scenes = SystemScenes()
    @ObservationIgnored private let cover = PrivacyCover()
    @ObservationIgnored private let activities = SystemActivities()
    @ObservationIgnored private var background: BackgroundCoordinator<ContinuousClock>?
    @ObservationIgnored private var leaving: LeavingCoordinator?
    @ObservationIgnored private var delegate: NotificationDelegate?
    @ObservationIgnored private var opening: Task<Void, Never>?
    @ObservationIgnored private var kept: [Any] = []

    /// Registers all that the system wants registered before the launch ends; the rest comes by itself.
    func launch() {
        NotificationCategories.register(resources: resources)
        let delegate = NotificationDelegate { [weak self] route in await self?.follow(route) }
        delegate.install()
        self.delegate = delegate
        BackgroundRegistration.register(identifiers) { [weak self] task in
            guard let self else { return task.complete(success: false) }
            await self.use(task)
        }
        scenes.follow { [weak self] phase in self?.changed(to: phase) }
        opening = Task { await open() }
    }

    /// What the screens do.
    var deeds: Deeds {
        Deeds(
            approve: { session in self.perform { try await $0.approve(session: session) } },
            decline: { session in self.perform { try await $0.decline(session: session, reason: .user) } },
            open: { session in self.opened = session },
            next: { session, action in self.perform { try await Self.next(action, of: session, at: $0) } },
            row: { participant, action in self.perform { try await Self.row(action, of: participant, at: $0) } }
        )
    }

    private func open() async {
        do {
            let vault = KeychainVault(service: "org.example.wallet", resources: resources)
            try vault.makeSecrets()
            let config = Config(
                journal: try JournalFolder.make().appending(path: "journal.db").path,
                listen: ["/ip4/0.0.0.0/tcp/0"], relays: [])
            let lan = BonjourDiscovery()
            let shell = Shell(
                vault: vault, notifications: SystemNotifications(resources: resources), resources: resources, lan: lan)
            let opened = try await CoSigner.open(config, shell: shell)
            watch(opened)
            coSigner = opened
            changed(to: scenes.phase)
            let status = try await opened.node.status()
            try lan.attach(
                to: opened.node, announcing: LanService(peer: status.transport, addresses: opened.node.listening()))
        } catch {
            fault = String(describing: error)
        }
    }

    private func watch(_ coSigner: CoSigner) {
        let background = BackgroundCoordinator(
            lifecycle: coSigner.lifecycle, keeper: coSigner.keeper, assertions: SystemAssertions(),
            refreshes: SystemRefreshes(identifiers: identifiers))
        self.background = background
        leaving = LeavingCoordinator(
            rest: { _ = background.toBackground() }, wake: { coSigner.lifecycle.wish(.foreground) })
        let paths = SystemPaths(changed: coSigner.network.changed)
        paths.start()
        kept = [paths, ClockEvents(changed: coSigner.keeper.signal)]
        Task { [weak self] in
            for try await _ in coSigner.events { await self?.showOutside() }
        }
    }

    private func changed(to phase: SystemScenes.Phase) {
        switch phase {
        case .active:
            cover.hide()
            leaving?.cameBack()
        case .inactive: cover.show()
        case .background: leaving?.left()
        }
    }

    private func showOutside() async {
        let screen = coSigner?.store.screen
        await activities.show(screen?.live() ?? [], isSeen: scenes.phase == .active)
        try? await SystemFacts.show(badge: screen?.badge ?? 0)
    }

    private func use(_ task: any RefreshTask) async {
        await opening?.value
        guard let background else { return task.complete(success: false) }
        let request = SliceRequest(trigger: .refresh, budgetMs: 25_000, networkAllowed: true)
        await background.refresh(task, request: request)
    }

    private func follow(_ route: Route) async {
        await opening?.value
        switch route {
        case .open(let link): opened = link.session
        case .connect(let link):
            opened = link.session
            perform { try await $0.connect(participant: nil) }
        case .dismiss(let key): try? await coSigner?.node.dismiss(key: key)
        }
    }

    private func perform(_ deed: @escaping @Sendable (Node) async throws -> Void) {
        guard let node = coSigner?.node else { return }
        Task {
            do {
                try await deed(node)
            } catch {
                fault = String(describing: error)
            }
        }
    }

    private nonisolated static func next(_ action: NextAction, of session: SessionId, at node: Node) async throws {
        switch action {
        case .unlock: try await node.approve(session: session)
        case .connect: try await node.connect(participant: nil)
        case .agreeToExtension: try await node.extend(session: session, lastsMs: nil)
        case .answer, .open, .setClock, .wait: break
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
