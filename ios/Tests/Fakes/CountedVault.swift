import Countersign
import Foundation

/// Keeps the secrets of co-signer number `who`, and says something else if it is told to.
public final class CountedVault: Vault {
    private struct State {
        var refusal: (any Error)?
        var delay = Duration.zero
        var asked: [KeyPurpose] = []
    }

    private let who: UInt8
    private let state = Locked(State())

    /// Makes the vault of a co-signer.
    public init(_ who: UInt8) {
        self.who = who
    }

    /// What it was asked for.
    public var asked: [KeyPurpose] { state.withLock { $0.asked } }

    /// Throws this from now on, or nothing.
    public func refuse(with refusal: (any Error)?) {
        state.withLock { $0.refusal = refusal }
    }

    /// Takes its time from now on.
    public func delay(_ delay: Duration) {
        state.withLock { $0.delay = delay }
    }

    public func transportSecret() throws -> Data {
        Data(repeating: who + 100, count: 32)
    }

    public func signingSecret(purpose: KeyPurpose) async throws -> Data {
        let (refusal, delay) = state.withLock { state in
            state.asked.append(purpose)
            return (state.refusal, state.delay)
        }
        try await Task.sleep(for: delay)
        if let refusal { throw refusal }
        return Data(repeating: who, count: 32)
    }
}
