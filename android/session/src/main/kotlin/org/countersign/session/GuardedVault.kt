package org.countersign.session

import org.countersign.KeyPurpose
import org.countersign.Vault
import org.countersign.VaultFault

/** A vault whose every failure reaches the core: the generated code lets an [Error] go by, and the core would wait for ever. */
internal class GuardedVault(private val vault: Vault) : Vault {
    override fun transportSecret(): ByteArray = try {
        vault.transportSecret()
    } catch (fault: Error) {
        throw VaultFault.Unavailable(fault.toString())
    }

    override suspend fun signingSecret(purpose: KeyPurpose): ByteArray = try {
        vault.signingSecret(purpose)
    } catch (fault: Error) {
        throw VaultFault.Unavailable(fault.toString())
    }
}
