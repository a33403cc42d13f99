package org.countersign.shell

import org.countersign.Vault

/**
 * What an app decides.
 *
 * @property vault keeps the two secrets; without one the phone's keystore does, by a [KeystoreVault].
 * @property relays multiaddresses of relays, each with the relay's peer id at its end.
 * @property listen multiaddresses to listen at; the phone's own address takes the place of `0.0.0.0`.
 * @property nearby whether co-signers are looked for in the local network.
 * @property report hears of what went wrong and is tried again.
 */
public class CoreSettings(
    public val vault: Vault? = null,
    public val relays: List<String> = emptyList(),
    public val listen: List<String> = listOf("/ip4/0.0.0.0/tcp/0"),
    public val nearby: Boolean = true,
    public val report: (Exception) -> Unit = {},
)
