package org.countersign.sample

/** What people and wallets are called. */
internal object Name {
    /** As the core has it. */
    private const val MOST_BYTES = 64

    private val UNSEEN = Regex("""[\p{Cc}\p{Z}\s\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+""")

    /** Returns what is wrong with what the user wrote, if something is. */
    fun fault(name: String): Int? = when {
        clean(name).isEmpty() -> R.string.fault_no_name
        clean(name).toByteArray().size > MOST_BYTES -> R.string.fault_long_name
        else -> null
    }

    /** Returns a co-signer's name without what is not seen: it may be made up to deceive. */
    fun clean(name: String): String = name.replace(UNSEEN, " ").trim()

    /** Returns a name as it may stand in a sentence: it cannot turn the words around it. */
    fun isolate(name: String): String = "\u2068$name\u2069"
}
