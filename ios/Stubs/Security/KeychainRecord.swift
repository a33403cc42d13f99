import Foundation
import Recording

/// What a test reads of the keychain, and says in its place; each task has the one that it was given.
package final class KeychainRecord: Sendable {
    package struct State {
        /// What was stored, by its account.
        package var items: [String: CFDictionary] = [:]
        /// What is answered in place of what was stored, by its account.
        package var refusals: [String: OSStatus] = [:]
        package var queries: [CFDictionary] = []
    }

    @TaskLocal package static var current = KeychainRecord()

    package let state = Recorded(State())

    package init() {}

    func add(_ item: CFDictionary) -> OSStatus {
        state.withLock { state in
            let account = Self.account(of: item)
            if let refusal = state.refusals[account] { return refusal }
            if state.items[account] != nil { return errSecDuplicateItem }
            state.items[account] = item
            return errSecSuccess
        }
    }

    func find(_ query: CFDictionary) -> (OSStatus, Any?) {
        state.withLock { state in
            state.queries.append(query)
            let account = Self.account(of: query)
            if let refusal = state.refusals[account] { return (refusal, nil) }
            guard let item = state.items[account] else { return (errSecItemNotFound, nil) }
            return (errSecSuccess, item[kSecValueData])
        }
    }

    func delete(_ query: CFDictionary) -> OSStatus {
        state.withLock { $0.items.removeValue(forKey: Self.account(of: query)) == nil ? errSecItemNotFound : errSecSuccess }
    }

    private static func account(of query: CFDictionary) -> String { query[kSecAttrAccount] as? String ?? "" }
}
