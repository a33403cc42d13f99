#if canImport(Network)
    import Countersign
    import Network

    extension NetworkPath {
        /// Says in our words what the system says.
        init(_ path: NWPath, localNetworkAllowed: Bool, addresses: (String) -> [String]) {
            self.init(
                status: Status(path),
                interfaces: path.availableInterfaces.map { interface in
                    Interface(name: interface.name, kind: Kind(interface), addresses: addresses(interface.name))
                },
                isExpensive: path.isExpensive,
                localNetworkAllowed: localNetworkAllowed && path.unsatisfiedReason != .localNetworkDenied
            )
        }
    }

    extension NetworkPath.Status {
        fileprivate init(_ path: NWPath) {
            switch path.status {
            case .satisfied: self = .satisfied
            case .requiresConnection: self = .requiresConnection
            case .unsatisfied: self = Self.isDenied(path.unsatisfiedReason) ? .denied : .unsatisfied
            @unknown default: self = .unsatisfied
            }
        }

        private static func isDenied(_ reason: NWPath.UnsatisfiedReason) -> Bool {
            switch reason {
            case .cellularDenied, .wifiDenied: true
            case .notAvailable, .localNetworkDenied, .vpnInactive: false
            @unknown default: false
            }
        }
    }

    extension NetworkPath.Kind {
        /// What the system has no type for, but for tunnels, which only have names.
        private static let tunnels = ["utun", "ipsec", "ppp", "tun"]

        fileprivate init(_ interface: NWInterface) {
            switch interface.type {
            case .wifi: self = .wifi
            case .wiredEthernet: self = .wired
            case .cellular: self = .cellular
            case .loopback: self = .other
            case .other: self = Self.tunnels.contains(where: interface.name.hasPrefix) ? .tunnel : .other
            @unknown default: self = .other
            }
        }
    }
#endif
