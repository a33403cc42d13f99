package org.countersign.shell

import kotlinx.coroutines.delay
import kotlinx.coroutines.withTimeout
import org.countersign.Config
import org.countersign.Item
import org.countersign.Node
import org.countersign.Payload
import org.countersign.RequestState
import org.countersign.SessionId
import org.countersign.Status
import org.countersign.Taproot
import org.countersign.WalletId
import java.io.File
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** A co-signer elsewhere: a bare core. */
internal class Peer private constructor(val node: Node) {
    suspend fun propose(wallet: WalletId, lastsMs: ULong = 600_000uL): SessionId = node.propose(wallet, payload(), lastsMs)

    suspend fun close() {
        node.stop()
        node.destroy()
    }

    companion object {
        val DIGEST = ByteArray(32) { 7 }

        fun payload() = Payload(
            items = listOf(Item(digest = DIGEST, path = listOf(0u, 5u), taproot = Taproot.KeySpend)),
            text = "Rent for May",
        )

        suspend fun open(folder: File): Peer {
            val config = Config(journal = "$folder/peer.db", listen = listOf("/ip4/127.0.0.1/tcp/0"))
            return Peer(Node.open(config, TestVault(2), null, null))
        }

        suspend fun card(node: Node, nickname: String): String {
            node.until { listening().isNotEmpty() }
            node.issueCard(nickname)
            node.until { status().card != null }
            return checkNotNull(node.status().card)
        }

        /** Makes two nodes know each other, with a wallet of both. */
        suspend fun meet(ours: Node, theirs: Node): WalletId {
            val nodes = listOf(ours, theirs)
            val cards = nodes.zip(listOf("Me", "Ada")).map { (node, name) -> card(node, name) }
            val wallets = nodes.map { node -> node.createWallet("Family", cards.map { node.addCard(it) }) }
            // The network that the phone is told of makes every connection anew.
            ours.until { preflight(wallets[0], 5_000u).ready }
            return wallets[0]
        }

        suspend fun Node.until(holds: suspend Node.() -> Boolean) = withTimeout(30.seconds) {
            while (!holds()) delay(20.milliseconds)
        }

        fun pending(status: Status): SessionId? = status.inbox.find { it.state == RequestState.PENDING }?.session
    }
}
