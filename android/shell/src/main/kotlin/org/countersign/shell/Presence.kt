package org.countersign.shell

import org.countersign.KeyPurpose
import org.countersign.VaultFault
import javax.crypto.Cipher

/** Asks whether it is the user. */
public fun interface Presence {
    /**
     * Returns the cipher once the user has allowed its one use.
     *
     * @throws VaultFault if not.
     */
    public suspend fun confirm(cipher: Cipher, purpose: KeyPurpose): Cipher
}
