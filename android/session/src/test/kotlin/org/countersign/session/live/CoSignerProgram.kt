package org.countersign.session.live

import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.add
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import org.countersign.NodeException
import org.countersign.Outcome
import org.countersign.WalletId
import java.nio.file.Path
import kotlin.system.exitProcess
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

private const val PREFLIGHT_BUDGET_MS = 10_000uL
private val APPROVE_WITHIN = 60.seconds
private val OUTCOME_WITHIN = 90.seconds

/** A co-signer that another program drives: a JSON object a line, in and out. Arguments: a folder and a number. */
fun main(args: Array<String>): Unit = runBlocking {
    val (folder, number) = args
    val program = CoSignerProgram(Phone.open(Path.of(folder), number.toInt()))
    println(program.card("phone $number"))
    for (line in generateSequence(::readlnOrNull)) {
        val command = Json.parseToJsonElement(line).jsonObject
        val answer = try {
            JsonObject(program.answer(command) + ("answer" to command.getValue("do")))
        } catch (fault: NodeException) {
            buildJsonObject { put("error", fault.javaClass.simpleName) }
        } catch (_: TimeoutCancellationException) {
            buildJsonObject { put("error", "Timeout") }
        }
        println(answer)
        if (command.text("do") == "close") exitProcess(0)
    }
    exitProcess(0)
}

private fun JsonObject.text(name: String) = getValue(name).jsonPrimitive.content

private class CoSignerProgram(private val phone: Phone) {
    private lateinit var wallet: WalletId

    suspend fun card(nickname: String): JsonObject {
        val card = phone.card(nickname)
        return buildJsonObject {
            put("event", "ready")
            put("card", card)
        }
    }

    suspend fun answer(command: JsonObject): JsonObject = when (val what = command.text("do")) {
        "wallet" -> {
            wallet = phone.wallet(command.getValue("cards").jsonArray.map { it.jsonPrimitive.content })
            buildJsonObject { put("wallet", wallet) }
        }
        "preflight" -> preflight()
        "initiate" -> initiate(command.text("digest"), command.getValue("lasts_ms").jsonPrimitive.long.toULong())
        "approve" -> approve()
        "outcome" -> outcome(command.text("session"))
        "close" -> close()
        else -> error("no such command: $what")
    }

    private suspend fun preflight(): JsonObject {
        val report = phone.node.preflight(wallet, PREFLIGHT_BUDGET_MS)
        return buildJsonObject {
            put("ready", report.ready)
            put("connected", report.connected.toLong())
            putJsonArray("missing") { report.missing.forEach { add(it) } }
        }
    }

    private suspend fun initiate(digest: String, lastsMs: ULong): JsonObject {
        val session = phone.node.initiate(wallet, Phone.payload(digest.hexToByteArray()), lastsMs)
        return buildJsonObject { put("session", session) }
    }

    private suspend fun approve(): JsonObject = withTimeout(APPROVE_WITHIN) {
        val session = phone.requested()
        phone.node.approve(session)
        buildJsonObject { put("session", session) }
    }

    private suspend fun outcome(session: String): JsonObject = withTimeout(OUTCOME_WITHIN) {
        val outcome = phone.outcome(session)
        buildJsonObject {
            put("outcome", name(outcome))
            if (outcome is Outcome.Completed) {
                put("signatures", outcome.signatures.toHexString())
                val keys = phone.node.outputKeys(session)
                putJsonArray("keys") { keys.forEach { add(it) } }
            }
        }
    }

    private fun name(outcome: Outcome) = when (outcome) {
        is Outcome.Completed -> "completed"
        is Outcome.Declined -> "declined"
        is Outcome.Cancelled -> "cancelled"
        is Outcome.Expired -> "expired"
        is Outcome.Failed -> "failed"
    }

    private suspend fun close(): JsonObject {
        phone.coSigner.close()
        // The last threads end by themselves.
        val leftovers = generateSequence { Leftovers.threads().size }.take(100)
        for (left in leftovers) {
            if (left == 0) break
            delay(20.milliseconds)
        }
        return buildJsonObject { put("threads", Leftovers.threads().size) }
    }
}
