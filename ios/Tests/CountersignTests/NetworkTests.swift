import Countersign
import Fakes
import Testing

@Suite struct NetworkTests {
    private static let home = NetworkPath.Interface(name: "en0", kind: .wifi, addresses: ["192.0.2.7", "fe80::1%en0"])
    private static let mobile = NetworkPath.Interface(name: "pdp_ip0", kind: .cellular, addresses: ["198.51.100.7"])
    private static let tunnel = NetworkPath.Interface(name: "utun3", kind: .tunnel, addresses: ["10.0.0.2"])

    @Test func theGenerationChangesExactlyWhenTheDefaultNetworkDoes() {
        var reducer = NetworkReducer()
        func after(_ path: NetworkPath) -> UInt64? {
            _ = reducer.reduce(path)
            return reducer.state?.generation
        }
        var moved = Self.home
        moved.addresses = ["192.0.2.8"]
        var cable = moved
        cable.kind = .wired

        #expect(after(.init(status: .unsatisfied, interfaces: [])) == 0)
        #expect(after(.init(status: .satisfied, interfaces: [Self.home])) == 1)
        #expect(after(.init(status: .satisfied, interfaces: [Self.home], isExpensive: true)) == 1)
        #expect(after(.init(status: .satisfied, interfaces: [Self.home, Self.mobile])) == 1)
        #expect(after(.init(status: .requiresConnection, interfaces: [Self.home])) == 1)
        #expect(after(.init(status: .satisfied, interfaces: [moved])) == 2)
        #expect(after(.init(status: .satisfied, interfaces: [cable])) == 3)
        #expect(after(.init(status: .satisfied, interfaces: [Self.tunnel, cable])) == 4)
        #expect(after(.init(status: .satisfied, interfaces: [Self.mobile])) == 5)
        #expect(after(.init(status: .unsatisfied, interfaces: [])) == 6)
    }

    @Test func whatTheSystemSaysIsSaidToTheCoreInItsWords() {
        var reducer = NetworkReducer()
        let home = reducer.reduce(.init(status: .satisfied, interfaces: [Self.home, Self.mobile]))
        let addresses = ["192.0.2.7", "198.51.100.7"]
        #expect(home == network(lanAllowed: true, generation: 1, addresses))
        #expect(
            reducer.reduce(.init(status: .satisfied, interfaces: [Self.mobile, Self.home], isExpensive: true))
                == network(lanAllowed: true, generation: 2, addresses))
        #expect(
            reducer.reduce(.init(status: .satisfied, interfaces: [Self.mobile], isExpensive: false))
                == network(lanAllowed: false, generation: 2, ["198.51.100.7"]))
        #expect(reducer.reduce(.init(status: .satisfied, interfaces: [Self.mobile], isExpensive: true)) == nil)
    }

    @Test func aSignInPageATunnelAndAUserWhoForbidsAreTold() {
        var reducer = NetworkReducer()
        let captive = reducer.reduce(.init(status: .requiresConnection, interfaces: [Self.home]))
        #expect(captive?.online == true && captive?.validated == false)
        let tunnelled = reducer.reduce(.init(status: .satisfied, interfaces: [Self.tunnel, Self.home]))
        #expect(tunnelled?.validated == true && tunnelled?.lanAllowed == true)
        let hidden = reducer.reduce(
            .init(status: .satisfied, interfaces: [Self.tunnel, Self.home], localNetworkAllowed: false))
        #expect(hidden?.lanAllowed == false)
        let denied = reducer.reduce(.init(status: .denied, interfaces: []))
        #expect(denied?.online == true && denied?.blocked == true && denied?.validated == false)
    }

    @Test func theCoreHearsOfManyChangesOnceThreeHundredMillisecondsAfterTheFirst() async {
        let clock = HandClock()
        let sink = NetworkMemory()
        let keeper = NetworkKeeper(node: sink, clock: clock)
        let run = Task { await keeper.run() }
        var heard = sink.heard.makeAsyncIterator()

        keeper.changed(.init(status: .satisfied, interfaces: [Self.mobile]))
        let due = await clock.sleeper()
        clock.advance(by: .milliseconds(299))
        keeper.changed(.init(status: .unsatisfied, interfaces: []))
        keeper.changed(.init(status: .satisfied, interfaces: [Self.home]))
        clock.advance(by: .milliseconds(1))

        #expect(await heard.next() == network(lanAllowed: true, generation: 3, ["192.0.2.7"]))
        #expect(due.since == .milliseconds(300))
        sink.stop()
        keeper.changed(.init(status: .unsatisfied, interfaces: []))
        await clock.advanceToSleeper()
        await run.value
    }

    private func network(lanAllowed: Bool, generation: UInt64, _ addresses: [String]) -> NetworkState {
        NetworkState(
            online: true,
            blocked: false,
            validated: true,
            lanAllowed: lanAllowed,
            generation: generation,
            localAddresses: addresses
        )
    }
}

/// Remembers what it hears of the network.
private final class NetworkMemory: NetworkSink {
    let heard: AsyncStream<NetworkState>
    private let hears: AsyncStream<NetworkState>.Continuation
    private let hasStopped = Locked(false)

    init() {
        (heard, hears) = AsyncStream.makeStream()
    }

    func stop() {
        hasStopped.withLock { $0 = true }
    }

    func onNetworkChanged(network: NetworkState) throws {
        if hasStopped.withLock({ $0 }) { throw NodeError.Stopped }
        hears.yield(network)
    }
}
