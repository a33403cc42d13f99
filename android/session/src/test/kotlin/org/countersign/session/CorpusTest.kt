package org.countersign.session

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.countersign.Action
import org.countersign.Arg
import org.countersign.DeepLink
import org.countersign.Due
import org.countersign.Importance
import org.countersign.Message
import org.countersign.MessageKey
import org.countersign.Notice
import org.countersign.Plan
import org.countersign.PlannedNotification
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Path
import kotlin.io.path.readText

/** Holds this shell to the same plans, and the same operations, as the core's own and the other one. */
internal class CorpusTest {
    @Test
    fun `every case of the corpus gives the operations that it names`() {
        val corpus = Json.parseToJsonElement(Path.of(System.getProperty("countersign.corpus")).readText())
        val cases = corpus["cases"].jsonArray
        assertTrue(cases.size > 0, "it has cases")
        for (case in cases) {
            val placeOf = if (case["by_slot"].jsonPrimitive.boolean) PlannedNotification::slot else PlannedNotification::key
            val reconciler = PlanReconciler(case["capabilities"]["can_preschedule"].jsonPrimitive.boolean, placeOf)
            val operations = reconciler.reconcile(plan(case["plan"]), held(case["held"]))
            assertEquals(case["operations"].jsonArray.map { named(it) }, operations.map { named(it) }, case["name"].text)
        }
    }

    private fun named(operation: JsonElement) = operation.jsonObject.entries.single().let { (what, whose) -> what to whose.text }

    private fun named(operation: Operation) = when (operation) {
        is Operation.Hold -> "hold" to operation.item.key
        is Operation.Show -> "show" to operation.item.key
        is Operation.Update -> "update" to operation.item.key
        is Operation.Release -> "release" to operation.key
        is Operation.TakeAway -> "take_away" to operation.place
    }

    private fun held(json: JsonElement) = Held(
        pending = json["pending"].jsonObject.mapValues { it.value.number },
        shown = json["shown"].jsonObject.mapValues { Content(it.value["key"].text, it.value["hash"].number) },
    )

    private fun plan(json: JsonElement) = Plan(
        revision = json["revision"].number,
        items = json["items"].jsonArray.map { item(it) },
        truncated = json["truncated"].jsonPrimitive.boolean,
    )

    private fun item(json: JsonElement) = PlannedNotification(
        key = json["key"].text,
        slot = json["slot"].text,
        notice = notice(json["notice"]),
        due = named<Due>(json["due"]),
        fireInMs = json["fire_in_ms"].number,
        fireAt = json["fire_at"].number,
        removeInMs = json["remove_in_ms"].numberOrNull,
        countdownToInMs = json["countdown_to_in_ms"].numberOrNull,
        importance = named<Importance>(json["importance"]),
        sticky = json["sticky"].jsonPrimitive.boolean,
        message = Message(named<MessageKey>(json["message"]["key"]), json["message"]["args"].jsonArray.map { arg(it) }),
        redacted = named<MessageKey>(json["redacted"]),
        actions = json["actions"].jsonArray.map { named<Action>(it) },
        link = DeepLink(json["link"]["wallet"].text, json["link"]["session"].text),
        rank = json["rank"].number.toUByte(),
        contentHash = json["content_hash"].number,
    )

    private fun notice(json: JsonElement) = when (val kind = json["kind"].text) {
        "request" -> Notice.Request
        "ongoing" -> Notice.Ongoing
        "warning" -> Notice.Warning(json["threshold_ms"].number)
        "expired" -> Notice.Expired
        else -> error("no such notice: $kind")
    }

    private fun arg(json: JsonElement) = when (val kind = json.jsonObject.keys.single()) {
        "name" -> Arg.Name(json[kind].text)
        "count" -> Arg.Count(json[kind].number)
        else -> error("no such argument: $kind")
    }

    private inline fun <reified T : Enum<T>> named(json: JsonElement): T = enumValueOf<T>(json.text.uppercase())
}

private operator fun JsonElement.get(name: String): JsonElement = (this as JsonObject).getValue(name)

private val JsonElement.text get() = jsonPrimitive.content

private val JsonElement.number get() = jsonPrimitive.content.toULong()

private val JsonElement.numberOrNull get() = if (this is JsonNull) null else number
