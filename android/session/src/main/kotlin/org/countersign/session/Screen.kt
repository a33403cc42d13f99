package org.countersign.session

/** Everything that screens show. */
public data class Screen(
    val banners: List<Banner>,
    val wallets: List<WalletCard>,
    val sessions: List<SessionCard>,
    val requests: List<RequestCard>,
    val badge: Int,
)
