import Countersign
import Fakes
import Foundation
import Network
import Recording
import Testing

@testable import CountersignShell

@MainActor @Suite struct SystemPathsTests {
    private let phone = StubPhone()
    private let told = Recorded<[NetworkPath]>([])
    private let paths: SystemPaths

    init() {
        let told = told
        paths = SystemPaths(
            changed: { path in told.withLock { $0.append(path) } }, addresses: { ["10.0.0.1 of \($0)"] })
    }

    @Test func everyPathIsToldInOurWords() async throws {
        try await phone.run {
            let monitor = try started()
            let wifi = NWInterface(name: "en0", type: .wifi)
            monitor.pathUpdateHandler?(NWPath(.satisfied, [wifi], isExpensive: true))

            let interface = NetworkPath.Interface(name: "en0", kind: .wifi, addresses: ["10.0.0.1 of en0"])
            #expect(
                told.withLock { $0 } == [NetworkPath(status: .satisfied, interfaces: [interface], isExpensive: true)])
        }
    }

    @Test(arguments: [
        (NWPath(.satisfied), NetworkPath.Status.satisfied), (NWPath(.requiresConnection), .requiresConnection),
        (NWPath(.unsatisfied), .unsatisfied), (NWPath(.unsatisfied, because: .vpnInactive), .unsatisfied),
        (NWPath(.unsatisfied, because: .localNetworkDenied), .unsatisfied),
        (NWPath(.unsatisfied, because: .cellularDenied), .denied),
        (NWPath(.unsatisfied, because: .wifiDenied), .denied),
    ])
    func everyStatusHasItsWord(path: NWPath, status: NetworkPath.Status) {
        #expect(NetworkPath(path, localNetworkAllowed: true, addresses: { _ in [] }).status == status)
    }

    @Test(arguments: [
        ("en0", NWInterface.InterfaceType.wifi, NetworkPath.Kind.wifi), ("en1", .wiredEthernet, .wired),
        ("pdp_ip0", .cellular, .cellular), ("lo0", .loopback, .other), ("utun3", .other, .tunnel),
        ("ipsec0", .other, .tunnel), ("bridge100", .other, .other),
    ])
    func everyInterfaceHasItsKind(name: String, type: NWInterface.InterfaceType, kind: NetworkPath.Kind) {
        let path = NWPath(.satisfied, [NWInterface(name: name, type: type)])
        #expect(NetworkPath(path, localNetworkAllowed: true, addresses: { _ in [] }).interfaces[0].kind == kind)
    }

    @Test func theLocalNetworkIsAllowedUnlessTheUserOrThePathSaysNo() async throws {
        try await phone.run {
            let monitor = try started()
            paths.allowLocalNetwork(false)
            #expect(told.withLock { $0.isEmpty }, "nothing is known of the path")
            monitor.pathUpdateHandler?(NWPath(.satisfied))
            paths.allowLocalNetwork(true)
            monitor.pathUpdateHandler?(NWPath(.unsatisfied, because: .localNetworkDenied))
            #expect(told.withLock { $0.map(\.localNetworkAllowed) } == [false, true, false])
        }
    }

    @Test func pathsThatFlapAreToldToTheCoreOnceAndWithTheLastWord() async throws {
        try await phone.run {
            let node = CountedNetwork()
            let clock = HandClock()
            let keeper = NetworkKeeper(node: node, clock: clock)
            let paths = SystemPaths(changed: keeper.changed, addresses: { _ in ["10.0.0.1"] })
            paths.start()
            let handler = try #require(phone.network.state.withLock { $0.monitors.last?.pathUpdateHandler })
            let run = Task { await keeper.run() }
            for _ in 0..<20 {
                handler(NWPath(.unsatisfied))
                handler(NWPath(.satisfied, [NWInterface(name: "en0", type: .wifi)]))
            }
            await clock.advanceToSleeper()
            await phone.until { node.states.count == 1 }
            run.cancel()
            await run.value

            #expect(node.states.map(\.online) == [true] && node.states[0].lanAllowed)
        }
    }

    @Test func afterItsEndNothingIsWatched() async throws {
        try await phone.run {
            _ = try started()
            paths.stop()
            paths.stop()
            #expect(phone.network.state.withLock { $0.cancelled } == ["monitor"])
        }
    }

    @Test func thePhonesOwnAddressesAreFound() {
        #expect(InterfaceAddresses.of("lo").contains("127.0.0.1"))
        #expect(InterfaceAddresses.of("no such thing").isEmpty)
    }

    private func started() throws -> NWPathMonitor {
        paths.start()
        return try #require(phone.network.state.withLock { $0.monitors.last })
    }
}

@MainActor @Suite struct BonjourDiscoveryTests {
    private static let own = LanService(peer: "own", addresses: ["/ip4/10.0.0.1/tcp/4001"])
    private static let other = LanService(peer: "other", addresses: ["/ip4/10.0.0.2/tcp/4001"])

    private let phone = StubPhone()
    private let sink = CountedLan()

    @Test func whatIsFoundGoesToTheCoreAndOnlyWhatIsNotOurs() async throws {
        try await phone.run {
            let discovery = BonjourDiscovery()
            try discovery.start(service: "_countersign._tcp")
            try discovery.attach(to: sink, announcing: Self.own)
            let browser = try #require(phone.network.state.withLock { $0.browsers.last })
            #expect(browser.descriptor == .bonjourWithTXTRecord(type: "_countersign._tcp", domain: nil))

            let found = [Self.own.record, Self.other.record, ["peer": "no address"], [:]]
                .map { NWBrowser.Result(metadata: .bonjour(NWTXTRecord($0))) }
            browser.browseResultsChangedHandler?(Set(found + [NWBrowser.Result(metadata: .none)]), [])
            await phone.until { !sink.found.isEmpty }

            #expect(sink.found == [Self.other])
        }
    }

    /// Its record leaves out an address for which it has no room.
    @Test func aPhoneOfTheOtherSystemIsFound() async throws {
        let peer = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        let webrtc =
            "/ip4/192.168.0.9/udp/50124/webrtc-direct/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ"
        try await phone.run {
            let discovery = BonjourDiscovery()
            try discovery.attach(to: sink, announcing: Self.own)
            try discovery.start(service: "_countersign._tcp")
            let browser = try #require(phone.network.state.withLock { $0.browsers.last })
            let record = NWTXTRecord([
                "peer": peer, "a0": "/ip4/192.168.0.9/tcp/50123", "a1": webrtc,
                "a3": "/ip6/fd12:3456:789a::9/tcp/50123",
            ])
            browser.browseResultsChangedHandler?([NWBrowser.Result(metadata: .bonjour(record))], [])
            await phone.until { !sink.found.isEmpty }

            let addresses = ["/ip4/192.168.0.9/tcp/50123", webrtc, "/ip6/fd12:3456:789a::9/tcp/50123"]
            #expect(sink.found == [LanService(peer: peer, addresses: addresses)])
        }
    }

    @Test func weAreAnnouncedAsSoonAsBothAreKnownAndAnewWithNewAddresses() async throws {
        try await phone.run {
            let discovery = BonjourDiscovery()
            try discovery.attach(to: sink, announcing: Self.own)
            #expect(phone.network.state.withLock { $0.listeners.isEmpty }, "nobody looks")
            try discovery.start(service: "_countersign._tcp")
            try discovery.attach(to: sink, announcing: Self.other)

            let services = phone.network.state.withLock { $0.listeners.map(\.service) }
            #expect(services.map { $0?.type } == ["_countersign._tcp", "_countersign._tcp"])
            #expect(services.map { $0?.txtRecord.dictionary } == [Self.own.record, Self.other.record])
            #expect(phone.network.state.withLock { $0.cancelled } == ["listener"])
        }
    }

    @Test func nobodyTalksOverWhatIsOpenedToAnnounce() async throws {
        try await phone.run {
            let discovery = BonjourDiscovery()
            try discovery.attach(to: sink, announcing: Self.own)
            try discovery.start(service: "_countersign._tcp")
            phone.network.state.withLock { $0.listeners.last }?.newConnectionHandler?(NWConnection())
            #expect(phone.network.state.withLock { $0.cancelled } == ["connection"])
        }
    }

    @Test func theEndEndsBothOnce() async throws {
        try await phone.run {
            let discovery = BonjourDiscovery()
            try discovery.attach(to: sink, announcing: Self.own)
            try discovery.start(service: "_countersign._tcp")
            try discovery.stop()
            try discovery.stop()
            #expect(phone.network.state.withLock { $0.cancelled } == ["browser", "listener"])
        }
    }

    @Test func aBrowserThatWaitsIsOneThatTheUserKeepsOut() async throws {
        try await phone.run {
            let allowed = Recorded<[Bool]>([])
            let discovery = BonjourDiscovery { isAllowed in allowed.withLock { $0.append(isAllowed) } }
            try discovery.start(service: "_countersign._tcp")
            let browser = try #require(phone.network.state.withLock { $0.browsers.last })
            for state in [NWBrowser.State.setup, .waiting(.dns(-65_570)), .ready, .cancelled] {
                browser.stateUpdateHandler?(state)
            }
            #expect(allowed.withLock { $0 } == [false, true])
        }
    }
}

/// A core that only hears of the network.
private final class CountedNetwork: NetworkSink {
    private let heard = Recorded<[NetworkState]>([])

    var states: [NetworkState] { heard.withLock { $0 } }

    func onNetworkChanged(network: NetworkState) async throws { heard.withLock { $0.append(network) } }
}

/// A core that only hears of the local network.
private final class CountedLan: LanSink {
    private let heard = Recorded<[LanService]>([])

    var found: [LanService] { heard.withLock { $0 } }

    func addLanCandidate(peer: TransportKey, addresses: [String], ttlMs: UInt64) async throws {
        heard.withLock { $0.append(LanService(peer: peer, addresses: addresses)) }
    }
}
