package org.countersign.session

/** Resources that say what they were asked for. */
internal object PlainResources : ResourcePort {
    override fun text(key: String, args: List<Any>, quantity: Long?) =
        listOfNotNull(key, *args.toTypedArray(), quantity?.let { "of $it" }).joinToString(" ")

    override fun list(names: List<String>) = names.joinToString(" & ")
}
