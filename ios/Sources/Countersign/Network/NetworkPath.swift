/// What the system says of the ways into the network, as it says it.
public struct NetworkPath: Equatable, Sendable {
    /// Whether there is a way.
    public enum Status: Equatable, Sendable {
        /// There is.
        case satisfied
        /// There is none.
        case unsatisfied
        /// The system keeps the app, or every app, from using one, such as the user's "no mobile data for this app".
        case denied
        /// There would be one once somebody asks for it, such as a tunnel on demand or a sign-in page.
        case requiresConnection
    }

    /// What a way leads over.
    public enum Kind: Equatable, Sendable {
        /// Wi-Fi.
        case wifi
        /// A cable.
        case wired
        /// Mobile data.
        case cellular
        /// A tunnel over one of the others.
        case tunnel
        /// Anything else.
        case other
    }

    /// One of the phone's interfaces.
    public struct Interface: Equatable, Sendable {
        /// Its name, such as `en0`.
        public var name: String
        /// What it leads over.
        public var kind: Kind
        /// Its IP addresses.
        public var addresses: [String]

        /// Describes an interface.
        public init(name: String, kind: Kind, addresses: [String]) {
            self.name = name
            self.kind = kind
            self.addresses = addresses
        }
    }

    /// Whether there is a way.
    public var status: Status
    /// The interfaces that are used, the default one first.
    public var interfaces: [Interface]
    /// Whether it costs money: of no matter to a few kilobytes.
    public var isExpensive: Bool
    /// Whether the user lets the app into the local network.
    public var localNetworkAllowed: Bool

    /// Describes the ways.
    public init(status: Status, interfaces: [Interface], isExpensive: Bool = false, localNetworkAllowed: Bool = true) {
        self.status = status
        self.interfaces = interfaces
        self.isExpensive = isExpensive
        self.localNetworkAllowed = localNetworkAllowed
    }
}
