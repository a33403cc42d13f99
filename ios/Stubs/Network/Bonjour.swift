import Foundation
import Recording

/// https://developer.apple.com/documentation/network/nwparameters
public final class NWParameters: Sendable {
    /// https://developer.apple.com/documentation/network/nwparameters/tcp
    public static var tcp: NWParameters { NWParameters() }
}

/// https://developer.apple.com/documentation/network/nwtxtrecord
public struct NWTXTRecord: Hashable, Sendable {
    /// https://developer.apple.com/documentation/network/nwtxtrecord/dictionary
    public let dictionary: [String: String]

    /// https://developer.apple.com/documentation/network/nwtxtrecord/init(_:)
    public init(_ dictionary: [String: String]) { self.dictionary = dictionary }
}

/// https://developer.apple.com/documentation/network/nwerror
public enum NWError: Error, Equatable, Sendable {
    /// https://developer.apple.com/documentation/network/nwerror/dns(_:)
    case dns(Int32)
}

/// https://developer.apple.com/documentation/network/nwbrowser
public final class NWBrowser: Sendable {
    /// https://developer.apple.com/documentation/network/nwbrowser/descriptor
    public enum Descriptor: Equatable, Sendable {
        /// https://developer.apple.com/documentation/network/nwbrowser/descriptor/bonjourwithtxtrecord(type:domain:)
        case bonjourWithTXTRecord(type: String, domain: String?)
    }

    /// https://developer.apple.com/documentation/network/nwbrowser/state-swift.enum
    public enum State: Equatable, Sendable {
        case setup
        case ready
        case failed(NWError)
        case cancelled
        case waiting(NWError)
    }

    /// https://developer.apple.com/documentation/network/nwbrowser/result
    public struct Result: Hashable, Sendable {
        /// https://developer.apple.com/documentation/network/nwbrowser/result/metadata-swift.enum
        public enum Metadata: Hashable, Sendable {
            case bonjour(NWTXTRecord)
            case none
        }

        /// https://developer.apple.com/documentation/network/nwbrowser/result/change
        public enum Change: Hashable, Sendable {
            case identical
        }

        /// https://developer.apple.com/documentation/network/nwbrowser/result/metadata-swift.property
        public let metadata: Metadata

        package init(metadata: Metadata) { self.metadata = metadata }
    }

    package let descriptor: Descriptor
    private let results = Recorded<(@Sendable (Set<Result>, Set<Result.Change>) -> Void)?>(nil)
    private let states = Recorded<(@Sendable (State) -> Void)?>(nil)

    /// https://developer.apple.com/documentation/network/nwbrowser/init(for:using:)
    public init(for descriptor: Descriptor, using parameters: NWParameters) { self.descriptor = descriptor }

    /// https://developer.apple.com/documentation/network/nwbrowser/browseresultschangedhandler
    public var browseResultsChangedHandler: (@Sendable (Set<Result>, Set<Result.Change>) -> Void)? {
        get { results.withLock { $0 } }
        set { results.withLock { $0 = newValue } }
    }

    /// https://developer.apple.com/documentation/network/nwbrowser/stateupdatehandler
    public var stateUpdateHandler: (@Sendable (State) -> Void)? {
        get { states.withLock { $0 } }
        set { states.withLock { $0 = newValue } }
    }

    /// https://developer.apple.com/documentation/network/nwbrowser/start(queue:)
    public func start(queue: DispatchQueue) { NetworkRecord.current.state.withLock { $0.browsers.append(self) } }

    /// https://developer.apple.com/documentation/network/nwbrowser/cancel()
    public func cancel() { NetworkRecord.current.state.withLock { $0.cancelled.append("browser") } }
}

/// https://developer.apple.com/documentation/network/nwconnection
public final class NWConnection: Sendable {
    package init() {}

    /// https://developer.apple.com/documentation/network/nwconnection/cancel()
    public func cancel() { NetworkRecord.current.state.withLock { $0.cancelled.append("connection") } }
}

/// https://developer.apple.com/documentation/network/nwlistener
public final class NWListener: Sendable {
    /// https://developer.apple.com/documentation/network/nwlistener/service-swift.struct
    public struct Service: Equatable, Sendable {
        package let type: String
        package let txtRecord: NWTXTRecord

        /// https://developer.apple.com/documentation/network/nwlistener/service-swift.struct/init(name:type:domain:txtrecord:)
        public init(name: String? = nil, type: String, domain: String? = nil, txtRecord: NWTXTRecord) {
            self.type = type
            self.txtRecord = txtRecord
        }
    }

    private let announced = Recorded<Service?>(nil)
    private let connections = Recorded<(@Sendable (NWConnection) -> Void)?>(nil)

    /// https://developer.apple.com/documentation/network/nwlistener/init(using:on:)
    public init(using parameters: NWParameters) throws {}

    /// https://developer.apple.com/documentation/network/nwlistener/service-swift.property
    public var service: Service? {
        get { announced.withLock { $0 } }
        set { announced.withLock { $0 = newValue } }
    }

    /// https://developer.apple.com/documentation/network/nwlistener/newconnectionhandler
    public var newConnectionHandler: (@Sendable (NWConnection) -> Void)? {
        get { connections.withLock { $0 } }
        set { connections.withLock { $0 = newValue } }
    }

    /// https://developer.apple.com/documentation/network/nwlistener/start(queue:)
    public func start(queue: DispatchQueue) { NetworkRecord.current.state.withLock { $0.listeners.append(self) } }

    /// https://developer.apple.com/documentation/network/nwlistener/cancel()
    public func cancel() { NetworkRecord.current.state.withLock { $0.cancelled.append("listener") } }
}
