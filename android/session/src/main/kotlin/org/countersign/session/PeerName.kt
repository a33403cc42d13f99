package org.countersign.session

/** What a co-signer calls itself, made fit for a screen: it may be made up to deceive. */
internal object PeerName {
    private const val MOST_CHARACTERS = 64
    private const val FIRST_STRONG_ISOLATE = '\u2068'
    private const val POP_ISOLATE = '\u2069'
    private val WHITESPACE = Regex("""[\s\u0085\p{Z}]+""")

    /** Control characters, and those that change the direction of what follows. */
    private val UNSEEN = Regex("""[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]""")

    /** Returns a name without what is not seen, on one line, at most 64 characters; may be empty. */
    fun clean(name: String): String {
        val seen = name.replace(WHITESPACE, " ").replace(UNSEEN, "").replace(WHITESPACE, " ").trim()
        val length = seen.codePointCount(0, seen.length)
        return if (length <= MOST_CHARACTERS) seen else seen.substring(0, seen.offsetByCodePoints(0, MOST_CHARACTERS))
    }

    /** Returns a name as it may stand in a sentence: it cannot turn the words around it. */
    fun isolate(name: String): String = "$FIRST_STRONG_ISOLATE$name$POP_ISOLATE"
}
