#if canImport(Security) && canImport(LocalAuthentication)
    import Countersign
    import Foundation
    import LocalAuthentication
    import Security

    /// One secret in the keychain, on this phone only.
    struct KeychainItem: Sendable {
        let service: String
        let account: String

        /// Stores it, readable from the first unlock on; nothing that is there is replaced.
        func add(_ secret: Data) -> OSStatus {
            add(secret, [kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly])
        }

        /// Stores it behind the user; nothing that is there is replaced.
        func add(_ secret: Data, behind access: SecAccessControl) -> OSStatus {
            add(secret, [kSecAttrAccessControl: access])
        }

        /// Reads it.
        func read(with context: LAContext? = nil) -> (OSStatus, Data?) {
            var query = base
            query[kSecReturnData] = true
            if let context { query[kSecUseAuthenticationContext] = context }
            var found: CFTypeRef?
            let status = SecItemCopyMatching(query as CFDictionary, &found)
            return (status, found as? Data)
        }

        /// Removes it.
        func remove() {
            _ = SecItemDelete(base as CFDictionary)
        }

        private var base: [CFString: Any] {
            [
                kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecAttrAccount: account,
                kSecUseDataProtectionKeychain: true,
            ]
        }

        private func add(_ secret: Data, _ protection: [CFString: Any]) -> OSStatus {
            var item = base
            item[kSecValueData] = secret
            item.merge(protection) { $1 }
            return SecItemAdd(item as CFDictionary, nil)
        }
    }
#endif
