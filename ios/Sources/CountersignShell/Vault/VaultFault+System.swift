#if canImport(Security) && canImport(LocalAuthentication)
    import Countersign
    import LocalAuthentication
    import Security

    extension VaultFault {
        private static let prompts: [LAError.Code: VaultFault] = [
            .userCancel: .UserCancelled, .appCancel: .UserCancelled, .systemCancel: .UserCancelled,
            .userFallback: .UserCancelled, .biometryLockout: .LockedOut,
            // Without the phone's code, or the faces that were there, the keychain lets the secret go.
            .passcodeNotSet: .Invalidated, .biometryNotEnrolled: .Invalidated,
        ]

        /// Says in our words what the keychain says.
        ///
        /// - Parameter wasMade: Whether the secret was stored once: then the system has thrown it away.
        init(_ status: OSStatus, wasMade: Bool) {
            switch status {
            case errSecInteractionNotAllowed: self = .NotAvailableBeforeFirstUnlock
            case errSecUserCanceled: self = .UserCancelled
            case errSecItemNotFound: self = wasMade ? .Invalidated : .NotFound
            case errSecAuthFailed: self = .Invalidated
            default: self = .Unavailable(reason: "keychain \(status)")
            }
        }

        /// Says in our words what the prompt says.
        init(_ error: LAError) {
            self = Self.prompts[error.code] ?? .Unavailable(reason: "authentication \(error.code.rawValue)")
        }
    }
#endif
