import Foundation
import Recording

/// https://developer.apple.com/documentation/network/nwinterface
public struct NWInterface: Sendable {
    /// https://developer.apple.com/documentation/network/nwinterface/interfacetype
    public enum InterfaceType: Sendable {
        case other, wifi, cellular, wiredEthernet, loopback
    }

    /// https://developer.apple.com/documentation/network/nwinterface/name
    public let name: String
    /// https://developer.apple.com/documentation/network/nwinterface/type
    public let type: InterfaceType

    package init(name: String, type: InterfaceType) {
        self.name = name
        self.type = type
    }
}

/// https://developer.apple.com/documentation/network/nwpath
public struct NWPath: Sendable {
    /// https://developer.apple.com/documentation/network/nwpath/status-swift.enum
    public enum Status: Sendable {
        case satisfied, unsatisfied, requiresConnection
    }

    /// https://developer.apple.com/documentation/network/nwpath/unsatisfiedreason-swift.enum
    public enum UnsatisfiedReason: Sendable {
        case notAvailable, cellularDenied, wifiDenied, localNetworkDenied, vpnInactive
    }

    /// https://developer.apple.com/documentation/network/nwpath/status-swift.property
    public let status: Status
    /// https://developer.apple.com/documentation/network/nwpath/unsatisfiedreason-swift.property
    public let unsatisfiedReason: UnsatisfiedReason
    /// https://developer.apple.com/documentation/network/nwpath/availableinterfaces
    public let availableInterfaces: [NWInterface]
    /// https://developer.apple.com/documentation/network/nwpath/isexpensive
    public let isExpensive: Bool

    package init(
        _ status: Status,
        _ interfaces: [NWInterface] = [],
        because reason: UnsatisfiedReason = .notAvailable,
        isExpensive: Bool = false
    ) {
        self.status = status
        self.unsatisfiedReason = reason
        self.availableInterfaces = interfaces
        self.isExpensive = isExpensive
    }
}

/// https://developer.apple.com/documentation/network/nwpathmonitor
public final class NWPathMonitor: Sendable {
    private let handler = Recorded<(@Sendable (NWPath) -> Void)?>(nil)

    /// https://developer.apple.com/documentation/network/nwpathmonitor/init()
    public init() {}

    /// https://developer.apple.com/documentation/network/nwpathmonitor/pathupdatehandler
    public var pathUpdateHandler: (@Sendable (NWPath) -> Void)? {
        get { handler.withLock { $0 } }
        set { handler.withLock { $0 = newValue } }
    }

    /// https://developer.apple.com/documentation/network/nwpathmonitor/start(queue:)
    public func start(queue: DispatchQueue) { NetworkRecord.current.state.withLock { $0.monitors.append(self) } }

    /// https://developer.apple.com/documentation/network/nwpathmonitor/cancel()
    public func cancel() { NetworkRecord.current.state.withLock { $0.cancelled.append("monitor") } }
}
