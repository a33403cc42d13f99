package org.countersign.session.live

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.countersign.Config
import org.countersign.Node
import org.countersign.Observer
import java.nio.file.Path
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.copyTo
import kotlin.io.path.createTempDirectory
import kotlin.io.path.deleteRecursively
import kotlin.system.exitProcess

private const val WARM_UP = 2_000
private const val ROUNDS = 5_000
private const val EVENTS = 100
private const val SILENCE_MS = 150L
private const val OPENINGS = 5

/**
 * Measures what crossing the border costs, and prints a JSON object a line with the median in nanoseconds.
 *
 * Arguments, each optional: `sync` is one synchronous call, `async` one asynchronous one, `told` a change that the observer is told of until
 * the status is read, `event` an event from `nextEvent` until it is handled, and `open=JOURNAL` the opening of a copy of a journal of
 * co-signer 1. Without any, all but the last.
 */
fun main(args: Array<String>): Unit = runBlocking {
    val folder = createTempDirectory("bench")
    for (what in args.ifEmpty { arrayOf("sync", "async", "told", "event") }) {
        when (what) {
            "sync" -> withNode(folder) { node, _ -> report(what, times(ROUNDS) { node.listening() }) }
            "async" -> withNode(folder) { node, _ -> report(what, times(ROUNDS) { node.status() }) }
            "told" -> withNode(folder) { node, changes -> report(what, told(node, changes)) }
            "event" -> report(what, events(folder))
            else -> report("open", openings(folder, Path.of(what.removePrefix("open="))))
        }
    }
    clean(folder)
    exitProcess(0)
}

private fun report(what: String, nanos: List<Long>) = println(
    buildJsonObject {
        put("what", what)
        put("median_ns", nanos.sorted()[nanos.size / 2])
        put("of", nanos.size)
    },
)

private inline fun times(rounds: Int, call: () -> Unit): List<Long> {
    repeat(WARM_UP) { call() }
    return List(rounds) { nanos(call) }
}

private inline fun nanos(call: () -> Unit): Long {
    val began = System.nanoTime()
    call()
    return System.nanoTime() - began
}

private suspend fun withNode(folder: Path, use: suspend (Node, Channel<Unit>) -> Unit) {
    val changes = Channel<Unit>(Channel.CONFLATED)
    val observer = object : Observer {
        override fun onChange() {
            changes.trySend(Unit)
        }
    }
    val config = Config(journal = "$folder/1.db", listen = listOf("/ip4/127.0.0.1/tcp/0"))
    val node = Node.open(config, TestVault(1), observer, null)
    use(node, changes)
    node.stop()
    node.destroy()
}

/** From the command that changes something, by way of the observer, to the status. */
private suspend fun told(node: Node, changes: Channel<Unit>) = List(EVENTS) { round ->
    // The core tells at once after a while of silence.
    delay(SILENCE_MS)
    changes.tryReceive()
    nanos {
        node.setPresence(10_000uL + round.toULong())
        changes.receive()
        node.status()
    }
}

/** Bob has as many events as sessions are proposed to him. */
private suspend fun events(folder: Path): List<Long> {
    val nanos = mutableListOf<Long>()
    linkedSuspending(folder.resolve("linked").also { it.toFile().mkdir() }) { ada, bob, wallet ->
        repeat(EVENTS) { number ->
            val session = ada.node.propose(wallet, Phone.payload(ByteArray(32) { number.toByte() }), Phone.LASTS_MS)
            bob.status { status -> status.inbox.any { it.session == session } }
            nanos += nanos {
                val event = bob.node.nextEvent()
                bob.node.eventHandled(event.id)
            }
            ada.node.cancel(session)
            bob.outcome(session)
            bob.node.eventHandled(bob.node.nextEvent().id)
        }
    }
    return nanos
}

private suspend fun openings(folder: Path, journal: Path) = List(OPENINGS) { round ->
    val copy = journal.copyTo(folder.resolve("copy$round.db"), overwrite = true)
    lateinit var node: Node
    val took = nanos { node = Node.open(Config(journal = "$copy"), TestVault(1), null, null) }
    node.stop()
    node.destroy()
    took
}

@OptIn(ExperimentalPathApi::class)
private fun clean(folder: Path) = folder.deleteRecursively()
