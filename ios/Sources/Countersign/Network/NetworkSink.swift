import CountersignBindings

/// Where the network's state goes.
public protocol NetworkSink: Sendable {
    /// Says what the phone's network is like now.
    func onNetworkChanged(network: NetworkState) async throws
}

extension Node: NetworkSink {}
