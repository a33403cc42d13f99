package org.countersign.session

import org.countersign.Arg
import org.countersign.Message
import org.countersign.MessageKey

/** Makes texts of the core's messages: key by key, with names that cannot deceive. */
internal class Wording(private val resources: ResourcePort) {
    /** Returns the text of a message; several names become one argument. */
    fun of(message: Message): Text {
        val names = message.args.filterIsInstance<Arg.Name>().map { it.v1 }
        val counts = message.args.filterIsInstance<Arg.Count>().map { it.v1.toLong() }
        val said = if (names.isEmpty()) emptyList() else listOf(list(names))
        return Text(key(message.key), said + counts, counts.firstOrNull())
    }

    /** Returns the text of a message that takes no arguments. */
    fun of(key: MessageKey): Text = Text(key(key))

    /** Returns names as they stand in a sentence. */
    fun list(names: List<String>): String = when (names.size) {
        1 -> isolated(names.single())
        else -> resources.list(names.map(::isolated))
    }

    private fun isolated(name: String): String =
        PeerName.isolate(PeerName.clean(name).ifEmpty { Text("anonymous").resolve(resources) })

    private fun key(key: MessageKey) = "message_" + key.name.lowercase()
}
