package org.countersign.session

import org.countersign.WalletId

/** A wallet and its participants, by slot. */
public data class WalletCard(val id: WalletId, val name: String, val rows: List<ParticipantRow>)
