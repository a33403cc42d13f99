package org.countersign.shell

import javax.crypto.Cipher

/** Keys that never leave the system, by which secrets are wrapped. */
public interface WrappingKeys {
    /** Returns a cipher that wraps; makes the key if there is none. */
    public fun sealing(name: KeyName): Cipher

    /**
     * Returns a cipher that unwraps.
     *
     * @throws android.security.keystore.KeyPermanentlyInvalidatedException if the key is gone for good.
     */
    public fun opening(name: KeyName, iv: ByteArray): Cipher
}
