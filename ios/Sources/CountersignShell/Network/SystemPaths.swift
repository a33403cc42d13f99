#if canImport(Network)
    import Countersign
    import Foundation
    import Network

    /// The ways into the network, as `NWPathMonitor` tells of them.
    public final class SystemPaths: Sendable {
        private struct State {
            var monitor: NWPathMonitor?
            var path: NWPath?
            var localNetworkAllowed = true
        }

        private let changed: @Sendable (NetworkPath) -> Void
        private let addresses: @Sendable (String) -> [String]
        private let state = Locked(State())

        /// Tells of every change, as `NetworkKeeper.changed` wants it; from any thread.
        public convenience init(changed: @escaping @Sendable (NetworkPath) -> Void) {
            self.init(changed: changed, addresses: InterfaceAddresses.of)
        }

        init(
            changed: @escaping @Sendable (NetworkPath) -> Void,
            addresses: @escaping @Sendable (String) -> [String]
        ) {
            self.changed = changed
            self.addresses = addresses
        }

        /// Begins to watch; the first word comes at once.
        public func start() {
            let monitor = NWPathMonitor()
            monitor.pathUpdateHandler = { [weak self] path in self?.tell { $0.path = path } }
            state.withLock { $0.monitor = monitor }
            monitor.start(queue: DispatchQueue(label: "countersign.paths"))
        }

        /// Ends watching: a monitor that was ended begins no more.
        public func stop() {
            state.withLock { $0.monitor.take() }?.cancel()
        }

        /// Says whether the user lets the app into the local network: only a browser hears of it.
        public func allowLocalNetwork(_ isAllowed: Bool) {
            tell { $0.localNetworkAllowed = isAllowed }
        }

        private func tell(_ change: (inout State) -> Void) {
            let (path, isAllowed) = state.withLock { state in
                change(&state)
                return (state.path, state.localNetworkAllowed)
            }
            if let path { changed(NetworkPath(path, localNetworkAllowed: isAllowed, addresses: addresses)) }
        }
    }
#endif
