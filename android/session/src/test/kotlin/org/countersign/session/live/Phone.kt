package org.countersign.session.live

import kotlinx.coroutines.delay
import kotlinx.coroutines.withTimeout
import org.countersign.Capabilities
import org.countersign.Config
import org.countersign.Item
import org.countersign.Node
import org.countersign.Outcome
import org.countersign.Payload
import org.countersign.RequestState
import org.countersign.SessionId
import org.countersign.Status
import org.countersign.Taproot
import org.countersign.WalletId
import org.countersign.session.Clock
import org.countersign.session.CoSigner
import org.countersign.session.PlainResources
import org.countersign.session.Shell
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** A co-signer on this host, with what it has done. */
internal class Phone private constructor(
    val coSigner: CoSigner,
    val vault: TestVault,
    val port: RecordingPort,
    val faults: List<Exception>,
) {
    val node: Node get() = coSigner.node

    /** Issues the card, and returns it. */
    suspend fun card(nickname: String): String {
        until { node.listening().isNotEmpty() }
        node.issueCard(nickname)
        return checkNotNull(status { it.card != null }.card)
    }

    /** Takes everybody's cards, and creates the wallet of all. */
    suspend fun wallet(cards: List<String>): WalletId = node.createWallet("Family", cards.map { node.addCard(it) })

    /** Returns the status once it is as wanted. */
    suspend fun status(isWanted: (Status) -> Boolean): Status {
        lateinit var status: Status
        until {
            status = node.status()
            isWanted(status)
        }
        return status
    }

    /** Returns the session that waits for an answer. */
    suspend fun requested(): SessionId {
        val status = status { status -> status.inbox.any { it.state == RequestState.PENDING } }
        return status.inbox.first { it.state == RequestState.PENDING }.session
    }

    /** Returns how a session ends. */
    suspend fun outcome(session: SessionId): Outcome =
        checkNotNull(status { outcomeIn(it, session) != null }.let { outcomeIn(it, session) })

    private fun outcomeIn(status: Status, session: SessionId) = status.sessions.find { it.id == session }?.outcome

    companion object {
        const val LASTS_MS = 600_000uL

        /** Opens co-signer [number] in a folder. */
        suspend fun open(folder: Path, number: Int, vault: TestVault = TestVault(number)): Phone {
            val port = RecordingPort()
            val faults = CopyOnWriteArrayList<Exception>()
            val shell = Shell(
                vault = vault,
                capabilities = Capabilities(maxPending = 50u, canPreschedule = false, liveUpdate = true),
                notifications = port,
                resources = PlainResources,
                clock = Clock { System.nanoTime() / 1_000_000 },
                report = { faults += it },
            )
            val config = Config(journal = "$folder/$number.db", listen = listOf("/ip4/127.0.0.1/tcp/0"))
            return Phone(CoSigner.open(config, shell), vault, port, faults)
        }

        fun payload(digest: ByteArray) = Payload(
            items = listOf(Item(digest = digest, path = listOf(0u, 5u), taproot = Taproot.KeySpend)),
            text = "Rent",
        )

        /** Waits until something holds. */
        suspend fun until(holds: suspend () -> Boolean) = withTimeout(60.seconds) {
            while (!holds()) delay(20.milliseconds)
        }
    }
}
