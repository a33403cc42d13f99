import CountersignBindings

extension KeyPurpose {
    /// What the user is told when asked for the signing key.
    public var prompt: Phrase {
        switch self {
        case .card: Phrase("vault_card")
        case .addresses: Phrase("vault_addresses")
        case .nonces: Phrase("vault_nonces")
        case .sign: Phrase("vault_sign")
        }
    }
}
