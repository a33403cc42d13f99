#if canImport(Network)
    import Countersign
    import Foundation
    import Network

    /// Finds co-signers in the local network by Bonjour, and announces ours; nobody talks over what it opens.
    public final class BonjourDiscovery: LanDiscovery {
        private struct State {
            var service: String?
            var own: LanService?
            var sink: (any LanSink)?
            var browser: NWBrowser?
            var listener: NWListener?
        }

        private let queue = DispatchQueue(label: "countersign.bonjour")
        private let allowed: @Sendable (Bool) -> Void
        private let state = Locked(State())

        /// Makes one; `allowed` hears whether the user lets the app into the local network.
        public init(allowed: @escaping @Sendable (Bool) -> Void = { _ in }) {
            self.allowed = allowed
        }

        /// Says where found co-signers go, and what is announced; again whenever the own addresses change.
        public func attach(to sink: any LanSink, announcing own: LanService) throws {
            let service = state.withLock { state in
                state.sink = sink
                state.own = own
                return state.service
            }
            if let service { try announce(own, as: service) }
        }

        public func start(service: String) throws {
            try stop()
            let browser = NWBrowser(for: .bonjourWithTXTRecord(type: service, domain: nil), using: .tcp)
            browser.browseResultsChangedHandler = { [weak self] results, _ in self?.found(results) }
            browser.stateUpdateHandler = { [allowed] state in
                switch state {
                case .ready: allowed(true)
                case .waiting: allowed(false)
                default: break
                }
            }
            let own = state.withLock { state in
                state.service = service
                state.browser = browser
                return state.own
            }
            browser.start(queue: queue)
            if let own { try announce(own, as: service) }
        }

        public func stop() throws {
            let (browser, listener) = state.withLock { state in
                state.service = nil
                return (state.browser.take(), state.listener.take())
            }
            browser?.cancel()
            listener?.cancel()
        }

        private func announce(_ own: LanService, as service: String) throws {
            let listener = try NWListener(using: .tcp)
            listener.service = NWListener.Service(
                name: nil, type: service, domain: nil, txtRecord: NWTXTRecord(own.record))
            listener.newConnectionHandler = { $0.cancel() }
            let before = state.withLock { state in
                defer { state.listener = listener }
                return state.listener
            }
            before?.cancel()
            listener.start(queue: queue)
        }

        private func found(_ results: Set<NWBrowser.Result>) {
            let (sink, own) = state.withLock { ($0.sink, $0.own) }
            for result in results {
                guard case .bonjour(let record) = result.metadata, let service = LanService(record: record.dictionary),
                    service.peer != own?.peer, let sink
                else { continue }
                Task {
                    try? await sink.addLanCandidate(
                        peer: service.peer, addresses: service.addresses, ttlMs: LanService.ttlMs)
                }
            }
        }
    }
#endif
