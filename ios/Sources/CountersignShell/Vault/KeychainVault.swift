#if canImport(Security) && canImport(LocalAuthentication)
    import Countersign
    import Foundation
    import LocalAuthentication
    import Security

    /// The keychain as vault: the transport secret is there without the user, the signing secret only with.
    public final class KeychainVault: Vault {
        /// What lets the signing secret out.
        public enum Protection: Sendable {
            /// The user: a face, a finger, or the phone's code.
            case userPresence
            /// Only the faces and fingers of when it was stored: with another one it is lost, so there must be a backup.
            case currentBiometry

            fileprivate var flags: SecAccessControlCreateFlags {
                switch self {
                case .userPresence: .userPresence
                case .currentBiometry: .biometryCurrentSet
                }
            }
        }

        private static let length = 32

        private let transport: KeychainItem
        private let signing: KeychainItem
        /// Says that there was a signing secret, without being one.
        private let made: KeychainItem
        private let protection: Protection
        private let resources: any ResourcePort

        /// Keeps secrets under the name of a service, such as the app's.
        public init(service: String, protection: Protection = .userPresence, resources: any ResourcePort) {
            transport = KeychainItem(service: service, account: "transport")
            signing = KeychainItem(service: service, account: "signing")
            made = KeychainItem(service: service, account: "signing.made")
            self.protection = protection
            self.resources = resources
        }

        /// Makes the two secrets where they were never made: before a co-signer is opened for the first time.
        public func makeSecrets() throws {
            try keep(transport.add(random()))
            if made.read().0 != errSecSuccess { try store(signing: random()) }
        }

        /// Stores a signing secret that was made elsewhere, such as from a seed; one that is there stays.
        public func store(signing secret: Data) throws {
            try keep(signing.add(secret, behind: access()))
            try keep(made.add(Data([1])))
        }

        public func transportSecret() throws -> Data {
            let (status, secret) = transport.read()
            guard status == errSecSuccess, let secret else { throw VaultFault(status, wasMade: false) }
            return secret
        }

        public func signingSecret(purpose: KeyPurpose) async throws -> Data {
            let context = LAContext()
            do {
                _ = try await context.evaluateAccessControl(
                    access(), operation: .useItem, localizedReason: purpose.prompt.resolved(by: resources))
            } catch let error as LAError {
                throw VaultFault(error)
            }
            let (status, secret) = signing.read(with: context)
            guard status == errSecSuccess, let secret else {
                throw VaultFault(status, wasMade: made.read().0 == errSecSuccess)
            }
            return secret
        }

        private func access() throws -> SecAccessControl {
            let access = SecAccessControlCreateWithFlags(
                nil, kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly, protection.flags, nil)
            guard let access else { throw VaultFault.Unavailable(reason: "access control") }
            return access
        }

        private func keep(_ status: OSStatus) throws {
            guard status == errSecSuccess || status == errSecDuplicateItem else {
                throw VaultFault(status, wasMade: false)
            }
        }

        private func random() throws -> Data {
            var bytes = [UInt8](repeating: 0, count: Self.length)
            defer { for index in bytes.indices { bytes[index] = 0 } }
            guard SecRandomCopyBytes(kSecRandomDefault, bytes.count, &bytes) == errSecSuccess else {
                throw VaultFault.Unavailable(reason: "random numbers")
            }
            return Data(bytes)
        }
    }
#endif
