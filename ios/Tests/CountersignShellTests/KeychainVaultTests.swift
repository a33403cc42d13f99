import Countersign
import CountersignShell
import Fakes
import Foundation
import LocalAuthentication
import Recording
import Security
import Testing

@MainActor @Suite struct KeychainVaultTests {
    private let phone = StubPhone()
    private let vault = KeychainVault(service: "wallet", resources: PlainResources())

    @Test func secretsAreMadeOnceAndStayTheSame() async throws {
        try await phone.run {
            try vault.makeSecrets()
            let first = (try vault.transportSecret(), try await vault.signingSecret(purpose: .sign))
            try vault.makeSecrets()
            let second = (try vault.transportSecret(), try await vault.signingSecret(purpose: .sign))

            #expect(first == second && first.0 != first.1)
            #expect(first.0.count == 32 && first.1.count == 32)
        }
    }

    @Test func theTransportSecretIsThereWithoutTheUserAndTheSigningSecretOnlyWith() async throws {
        try await phone.run {
            try vault.makeSecrets()
            let items = phone.keychain.state.withLock { $0.items }
            let transport = try #require(items["transport"])
            #expect(transport[kSecAttrAccessible] as? String == kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly)
            #expect(transport[kSecAttrAccessControl] == nil)
            let access = try #require(items["signing"]?[kSecAttrAccessControl] as? SecAccessControl)
            #expect(access.protection == kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly)
            #expect(access.flags == .userPresence && items["signing"]?[kSecAttrAccessible] == nil)

            _ = try vault.transportSecret()
            #expect(phone.prompts.state.withLock { $0.reasons.isEmpty })
        }
    }

    @Test(arguments: [
        (KeyPurpose.card, "vault_card"), (.addresses, "vault_addresses"), (.nonces, "vault_nonces"),
        (.sign, "vault_sign"),
    ])
    func thePromptSaysWhatFor(purpose: KeyPurpose, reason: String) async throws {
        try await phone.run {
            try vault.makeSecrets()
            _ = try await vault.signingSecret(purpose: purpose)
            #expect(phone.prompts.state.withLock { $0.reasons } == [reason])
            let query = try #require(phone.keychain.state.withLock { $0.queries.last })
            #expect(query[kSecUseAuthenticationContext] is LAContext, "the user is asked once")
        }
    }

    @Test func aSecretBoundToTheFacesOfNowSaysSo() async throws {
        try await phone.run {
            let vault = KeychainVault(service: "wallet", protection: .currentBiometry, resources: PlainResources())
            try vault.makeSecrets()
            let access = phone.keychain.state.withLock { $0.items["signing"]?[kSecAttrAccessControl] }
            #expect((access as? SecAccessControl)?.flags == .biometryCurrentSet)
        }
    }

    @Test func aSecretFromElsewhereIsKeptAndNeverReplaced() async throws {
        try await phone.run {
            let secret = Data(repeating: 7, count: 32)
            try vault.store(signing: secret)
            try vault.makeSecrets()
            try vault.store(signing: Data(repeating: 8, count: 32))
            let kept = try await vault.signingSecret(purpose: .sign)
            #expect(kept == secret)
        }
    }

    @Test func beforeTheFirstUnlockTheFaultSaysSo() async throws {
        try await phone.run {
            try vault.makeSecrets()
            phone.keychain.state.withLock { $0.refusals["transport"] = errSecInteractionNotAllowed }
            #expect(throws: VaultFault.NotAvailableBeforeFirstUnlock) { try vault.transportSecret() }
        }
    }

    @Test func aSecretThatTheSystemThrewAwayIsInvalidatedAndNotMadeAnew() async throws {
        try await phone.run {
            try vault.makeSecrets()
            phone.keychain.state.withLock { $0.items["signing"] = nil }
            await expect(.Invalidated)
            try vault.makeSecrets()
            await expect(.Invalidated)
        }
    }

    @Test func aSecretThatNeverWasIsNotFound() async {
        await phone.run {
            await expect(.NotFound)
            #expect(throws: VaultFault.NotFound) { try vault.transportSecret() }
        }
    }

    @Test(arguments: [
        (errSecUserCanceled, VaultFault.UserCancelled), (errSecAuthFailed, .Invalidated),
        (errSecInteractionNotAllowed, .NotAvailableBeforeFirstUnlock),
        (-34_018, .Unavailable(reason: "keychain -34018")),
    ])
    func everyWordOfTheKeychainIsATypedFault(status: OSStatus, fault: VaultFault) async throws {
        try await phone.run {
            try vault.makeSecrets()
            phone.keychain.state.withLock { $0.refusals["signing"] = status }
            await expect(fault)
        }
    }

    @Test(arguments: [
        (LAError.Code.userCancel, VaultFault.UserCancelled), (.appCancel, .UserCancelled),
        (.systemCancel, .UserCancelled), (.userFallback, .UserCancelled), (.biometryLockout, .LockedOut),
        (.passcodeNotSet, .Invalidated), (.biometryNotEnrolled, .Invalidated),
        (.authenticationFailed, .Unavailable(reason: "authentication -1")),
        (.notInteractive, .Unavailable(reason: "authentication -1004")),
    ])
    func everyWordOfThePromptIsATypedFault(code: LAError.Code, fault: VaultFault) async throws {
        try await phone.run {
            try vault.makeSecrets()
            phone.prompts.state.withLock { $0.refusal = LAError(code) }
            await expect(fault)
            #expect(
                phone.keychain.state.withLock { !$0.queries.contains { $0[kSecAttrAccount] as? String == "signing" } })
        }
    }

    private func expect(_ fault: VaultFault) async {
        await #expect(throws: fault) { [vault] in _ = try await vault.signingSecret(purpose: .sign) }
    }
}
