import CountersignBindings

/// Makes what the core knows of the network out of what the system says.
public struct NetworkReducer: Sendable {
    /// What makes a network another one.
    private struct Identity: Equatable {
        var name: String
        var kind: NetworkPath.Kind
        var addresses: [String]
    }

    /// What the core is to know; `nil` before the system has said anything.
    public private(set) var state: NetworkState?
    private var identity: Identity?

    /// Knows nothing yet.
    public init() {}

    /// Takes what the system says now; returns the new state if it is another.
    public mutating func reduce(_ path: NetworkPath) -> NetworkState? {
        let isOnline = Self.isOnline(path)
        let next = isOnline ? path.interfaces.first.map(Self.identity(of:)) : nil
        let generation = state?.generation ?? 0
        let addresses = isOnline ? path.interfaces.flatMap(\.addresses) : []
        let reduced = NetworkState(
            online: isOnline,
            blocked: path.status == .denied,
            validated: path.status == .satisfied,
            lanAllowed: path.localNetworkAllowed && path.interfaces.contains(where: Self.hasNeighbours),
            generation: next == identity ? generation : generation + 1,
            localAddresses: Self.dialable(addresses)
        )
        identity = next
        guard reduced != state else { return nil }
        state = reduced
        return reduced
    }

    private static func isOnline(_ path: NetworkPath) -> Bool {
        switch path.status {
        // There is a network, or nobody would keep the app from it.
        case .denied: true
        case .satisfied, .requiresConnection: !path.interfaces.isEmpty
        case .unsatisfied: false
        }
    }

    private static func identity(of interface: NetworkPath.Interface) -> Identity {
        Identity(name: interface.name, kind: interface.kind, addresses: dialable(interface.addresses))
    }

    /// Leaves out addresses that are good on one wire only: nobody else could dial them.
    private static func dialable(_ addresses: [String]) -> [String] {
        Set(addresses.filter { !$0.contains("%") && !$0.lowercased().hasPrefix("fe80:") }).sorted()
    }

    /// Whether other phones may be in the same local network.
    private static func hasNeighbours(_ interface: NetworkPath.Interface) -> Bool {
        switch interface.kind {
        case .wifi, .wired: true
        case .cellular, .tunnel, .other: false
        }
    }
}
