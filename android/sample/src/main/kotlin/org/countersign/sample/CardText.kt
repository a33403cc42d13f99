package org.countersign.sample

import android.content.Intent

/** Cards as they travel: as text, perhaps with other words around it. */
internal object CardText {
    private val CARD = Regex("countersign:([A-Za-z0-9_-]+)")

    /** Returns the only card in a text. */
    fun find(text: String): String? = CARD.findAll(text).singleOrNull()?.value

    /** Returns the text that another app sends us, whatever else it sends. */
    fun sent(intent: Intent): String? = try {
        when (intent.action) {
            Intent.ACTION_SEND -> intent.getCharSequenceExtra(Intent.EXTRA_TEXT)
            Intent.ACTION_PROCESS_TEXT -> intent.getCharSequenceExtra(Intent.EXTRA_PROCESS_TEXT)
            Intent.ACTION_VIEW -> intent.dataString
            else -> null
        }?.toString()
    } catch (_: RuntimeException) {
        // Extras that cannot be unpacked, such as those of a class that only the sender has.
        null
    }
}
