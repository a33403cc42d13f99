import Countersign
import Fakes
import Foundation
import Testing

/// Over the real library and real connections; one after the other, since some count what the process has open.
@Suite(.serialized, .timeLimit(.minutes(4))) struct LiveTests {}

extension LiveTests {
    @Test func twoSignAndTheSignatureVerifies() async throws {
        try await Pair.together { pair in
            let session = try await pair.ada.initiate(
                wallet: pair.wallet, payload: Meeting.payload(), lastsMs: Pair.lastsMs)
            #expect(try await pair.bob.until(\.pendingRequest) == session)
            #expect(try await pair.bob.payload(session: session) == Meeting.payload())
            try await pair.bob.approve(session: session)

            for node in [pair.ada, pair.bob] {
                let signature = try await node.signature(of: session)
                let key = try #require(Data(hex: try await node.outputKeys(session: session)[0]))
                #expect(Bip340.verifies(signature, digest: Meeting.payload().items[0].digest, key: key))
            }
        }
    }

    @Test func aSessionEndsDeclinedCancelledOrExpiredForAll() async throws {
        try await Pair.together { pair in
            let declined = try await pair.propose(1)
            try await pair.bob.until { $0.pendingRequest == declined ? () : nil }
            try await pair.bob.decline(session: declined, reason: .policy)
            let bob = try await pair.ada.until { $0.wallets[0].participants.first { $0.link != .myself }?.slot }
            #expect(try await pair.ada.until { $0.outcome(of: declined) } == .declined(slot: bob, reason: .policy))

            let cancelled = try await pair.propose(2)
            try await pair.bob.until { $0.pendingRequest == cancelled ? () : nil }
            try await pair.ada.cancel(session: cancelled)
            #expect(try await pair.bob.until { $0.outcome(of: cancelled) } == .cancelled)

            let expired = try await pair.propose(3, lastsMs: 1_500)
            #expect(try await pair.bob.until { $0.outcome(of: expired) } == .expired)
            await #expect(throws: NodeError.Ended(session: expired)) { try await pair.bob.approve(session: expired) }
        }
    }

    @Test func aVaultThatRefusesIsSlowOrThrowsWhatNobodyForesawLosesNothing() async throws {
        let vault = CountedVault(2)
        try await Pair.together(vault: vault) { pair in
            let session = try await pair.propose(1)
            try await pair.bob.until { $0.pendingRequest == session ? () : nil }
            let refusals: [any Error] = [
                VaultFault.UserCancelled, VaultFault.LockedOut, VaultFault.Invalidated,
                VaultFault.NotAvailableBeforeFirstUnlock, VaultFault.NotFound, VaultFault.Unavailable(reason: "away"),
                NeverCame(instead: "what nobody foresaw"),
            ]
            for refusal in refusals {
                let before = vault.asked.count
                vault.refuse(with: refusal)
                try await pair.bob.approve(session: session)
                try await pair.bob.until { status in
                    vault.asked.count > before && status.sessions[0].nextAction == .answer ? () : nil
                }
                #expect(try await pair.bob.status().outcome(of: session) == nil)
            }
            vault.refuse(with: nil)
            vault.delay(.milliseconds(300))
            try await pair.bob.approve(session: session)
            #expect(try await pair.ada.signature(of: session).count == 64)
        }
    }

    @Test(arguments: [
        VaultFault.UserCancelled, .LockedOut, .Invalidated, .NotAvailableBeforeFirstUnlock, .NotFound,
    ])
    func aFaultOfTheVaultArrivesAsItWasThrown(fault: VaultFault) async throws {
        try await Folder.temporary { folder in
            let vault = CountedVault(1)
            vault.refuse(with: fault)
            await #expect(throws: NodeError.Vault(fault: fault)) {
                _ = try await Pair.open(1, in: folder, vault: vault)
            }
        }
    }

    @Test(arguments: [VaultFault.Unavailable(reason: "away"), NeverCame(instead: "away")] as [any Error])
    func whatElseAVaultThrowsArrivesWithItsReason(error: any Error) async throws {
        try await Folder.temporary { folder in
            let vault = CountedVault(1)
            vault.refuse(with: error)
            await #expect {
                _ = try await Pair.open(1, in: folder, vault: vault)
            } throws: { error in
                guard case .Vault(.Unavailable(let reason))? = error as? NodeError else { return false }
                return reason.contains("away")
            }
        }
    }

    @Test func errorsArriveTypedWithEveryField() async throws {
        try await Folder.temporary { folder in
            let ada = try await Pair.open(1, in: folder, vault: CountedVault(1))
            let bob = try await Pair.open(2, in: folder, vault: CountedVault(2))
            let wallet = try await Meeting.introduce([ada, bob])
            try await bob.close()
            let unknown = String(repeating: "ab", count: 32)

            await #expect(throws: NodeError.Unknown(what: "session")) { try await ada.approve(session: unknown) }
            await #expect(throws: NodeError.Unknown(what: "wallet")) {
                _ = try await ada.preflight(wallet: unknown, budgetMs: nil)
            }
            await #expect(throws: NodeError.StalePlan) { try await ada.ackPlan(revision: 7, failed: []) }
            await #expect(throws: NodeError.JournalLocked) {
                _ = try await Pair.open(1, in: folder, vault: CountedVault(1))
            }
            await #expect(throws: NodeError.NotReady(missing: ["a nickname"], connected: 1, total: 2)) {
                _ = try await ada.initiate(wallet: wallet, payload: Meeting.payload(), lastsMs: Pair.lastsMs)
            }
            var short = Meeting.payload()
            short.items[0].digest = Data("short".utf8)
            await #expect(throws: NodeError.Invalid(reason: "a digest has 32 bytes")) {
                _ = try await ada.propose(wallet: wallet, payload: short, lastsMs: Pair.lastsMs)
            }
            await #expect {
                _ = try await Pair.open(3, in: folder + "/no", vault: CountedVault(3))
            } throws: { error in
                if case .System(let reason)? = error as? NodeError { !reason.isEmpty } else { false }
            }
            try await ada.close()
            await #expect(throws: NodeError.Stopped) { _ = try await ada.status() }
        }
    }

    @Test func aTaskThatIsCancelledNeitherLosesNorDoublesAnAction() async throws {
        try await Pair.together { pair in
            var proposals = 0
            for number in 0..<20 as Range<UInt8> {
                let call = Task { try await pair.propose(number) }
                await Task.yield()
                call.cancel()
                // A call over the bindings is not ended by that: it comes to its end, once.
                let session = try await call.value
                let sessions = try await pair.ada.status().sessions
                #expect(sessions.count == proposals + 1 && sessions.contains { $0.id == session })
                proposals = sessions.count
            }
            let events = Events(source: pair.bob)
            for _ in 0..<20 {
                let reader = Task {
                    var reader = events.makeAsyncIterator()
                    return try await reader.next()
                }
                await Task.yield()
                reader.cancel()
                _ = try await reader.value
            }
            var reader = events.makeAsyncIterator()
            let first = try await reader.next()
            #expect(try await pair.bob.nextEvent() == first, "until it is dealt with")
            #expect(try await reader.next() != first)
        }
    }
}

extension Pair {
    func propose(_ byte: UInt8, lastsMs: UInt64 = lastsMs) async throws -> SessionId {
        try await ada.propose(wallet: wallet, payload: Meeting.payload(byte), lastsMs: lastsMs)
    }
}

extension Node {
    /// Waits for the signatures of a session.
    func signature(of session: SessionId) async throws -> Data {
        let outcome = try await until { $0.outcome(of: session) }
        guard case .completed(let signatures) = outcome else { throw NeverCame(instead: outcome) }
        return signatures
    }
}
