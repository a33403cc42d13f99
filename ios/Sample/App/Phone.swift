import Countersign
import CountersignShell
import Foundation
import Observation

/// The app: a co-signer, and everything that it has of the phone.
@MainActor
@Observable
final class Phone {
    private(set) var coSigner: CoSigner?
    var fault: String?
    /// The session whose screen is open.
    var opened: SessionId?
    /// Whether an alarm rings before a session ends that waits for the user.
    private(set) var rings = AlarmSwitch.isOn

    let resources = BundleResources()

    @ObservationIgnored private(set) var signing: (any ContinuedTaskPort)?
    @ObservationIgnored private let identifiers = BackgroundIdentifiers(app: "org.example.wallet")
    @ObservationIgnored private let scenes = SystemScenes()
    @ObservationIgnored private let cover = PrivacyCover()
    @ObservationIgnored private let activities = SystemActivities()
    @ObservationIgnored private var alarms: (any AlarmPort)?
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

    /// Turns the alarms on or off.
    func turnAlarms(on isOn: Bool) {
        rings = isOn
        Task {
            do {
                try await AlarmSwitch.turn(on: isOn)
            } catch {
                fault = String(describing: error)
            }
            await readFacts()
            coSigner?.keeper.signal()
        }
    }

    private func open() async {
        do {
            let vault = KeychainVault(service: "org.example.wallet", resources: resources)
            try vault.makeSecrets()
            let folder = try JournalFolder.make(sharedBy: "group.org.example.wallet")
            let config = Config(
                journal: folder.appending(path: "journal.db").path, listen: ["/ip4/0.0.0.0/tcp/0"], relays: [])
            let lan = BonjourDiscovery()
            alarms = Alarms.ofSystem(resources: resources, isWanted: { AlarmSwitch.isOn })
            let shell = Shell(
                vault: vault, notifications: SystemNotifications(resources: resources), resources: resources,
                alarms: alarms, lan: lan)
            let opened = try await CoSigner.open(config, shell: shell)
            watch(opened)
            coSigner = opened
            changed(to: scenes.phase)
            followScreen()
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
        let leaving = LeavingCoordinator(
            rest: { _ = background.toBackground() }, wake: { coSigner.lifecycle.wish(.foreground) })
        self.leaving = leaving
        signing = ContinuedTasks.ofSystem(identifiers: identifiers, resources: resources, leaving: leaving)
        let paths = SystemPaths(changed: coSigner.network.changed)
        paths.start()
        kept = [paths, ClockEvents(changed: coSigner.keeper.signal)]
        Task { await Alarms.follow(coSigner.keeper.signal) }
    }

    private func changed(to phase: SystemScenes.Phase) {
        switch phase {
        case .active:
            cover.hide()
            leaving?.cameBack()
            Task { await readFacts() }
        case .inactive: cover.show()
        case .background: leaving?.left()
        }
    }

    private func readFacts() async {
        coSigner?.store.know(await SystemFacts.read(alarms: alarms))
    }

    /// Shows outside of the app what its screens show, whenever that is another.
    private func followScreen() {
        let screen = withObservationTracking {
            coSigner?.store.screen
        } onChange: {
            Task { @MainActor [weak self] in self?.followScreen() }
        }
        guard let screen else { return }
        signing?.show(screen)
        Task { await activities.show(screen.live(), isSeen: scenes.phase == .active) }
        Task { try? await SystemFacts.show(badge: screen.badge) }
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
}
