import CountersignBindings

/// A running co-signer and all that makes it an app's: one a process.
public final class CoSigner: Sendable {
    /// Where commands go.
    public let node: Node
    /// What the user must hear of.
    public let events: Events
    /// What screens show.
    public let store: SessionStore
    /// Keeps the system's notifications equal to the plan.
    public let keeper: PlanKeeper<ContinuousClock>
    /// Hears of the app's life.
    public let lifecycle: LifecycleCoordinator<ContinuousClock>
    /// Hears of the phone's network.
    public let network: NetworkKeeper<ContinuousClock>

    private let work: [Task<Void, Never>]

    /// Opens the journal, or begins a new one, and runs; nothing of it blocks the caller's thread.
    ///
    /// - Parameters:
    ///   - config: Where its journal lies, and where it listens.
    ///   - shell: What it has of its app.
    ///   - report: Hears of what went wrong while nobody waited for it; it is tried again.
    public static func open(
        _ config: Config,
        shell: Shell,
        report: @escaping @Sendable (NodeError) -> Void = { _ in }
    ) async throws(NodeError) -> CoSigner {
        let clock = ContinuousClock()
        let plan = Coalescer(after: .milliseconds(200), clock: clock)
        let screen = Coalescer(after: .milliseconds(50), clock: clock)
        let changes = Changes(to: [plan, screen])
        do {
            let node = try await Node.open(config: config, vault: shell.vault, observer: changes, lan: shell.lan)
            do {
                try await node.setCapabilities(capabilities: shell.notifications.capabilities)
            } catch {
                // Nobody would close what nobody gets.
                try? await node.close()
                throw error
            }
            changes.onChange()
            let store = await SessionStore(presenter: SessionPresenter(resources: shell.resources))
            let alarms = shell.alarms.map { port in
                AlarmKeeper(source: node, port: port) { report(NodeError(of: $0)) }
            }
            let keeper = PlanKeeper(
                source: node, port: shell.notifications, alarms: alarms, signals: plan, report: report)
            let network = NetworkKeeper(node: node, clock: clock, report: report)
            return CoSigner(node: node, store: store, keeper: keeper, network: network) {
                await store.follow(node, signals: screen, report: report)
            }
        } catch {
            throw NodeError(of: error)
        }
    }

    private init(
        node: Node,
        store: SessionStore,
        keeper: PlanKeeper<ContinuousClock>,
        network: NetworkKeeper<ContinuousClock>,
        following: @escaping @Sendable () async -> Void
    ) {
        self.node = node
        self.store = store
        self.keeper = keeper
        self.network = network
        events = Events(source: node)
        lifecycle = LifecycleCoordinator(node: node, clock: ContinuousClock())
        work = [Task { await keeper.run() }, Task { await network.run() }, Task { await following() }]
    }

    /// Stops, and returns once the journal and every socket are closed and no task of it runs any more.
    ///
    /// The library's two threads end when the last node of the process is let go, and so this.
    public func close() async throws(NodeError) {
        for task in work { task.cancel() }
        do {
            try await node.close()
        } catch {
            throw NodeError(of: error)
        }
        for task in work { await task.value }
    }
}
