package org.countersign.sample

import android.content.Context
import org.countersign.ParticipantKey

/** Whose cards were taken. The core has the cards, but names nobody who is in no wallet. */
internal class Contacts(context: Context) {
    private val kept = context.getSharedPreferences("contacts", Context.MODE_PRIVATE)

    /** Returns them by name. */
    fun all(): List<Contact> = kept.all.map { (key, name) -> Contact(key, name.toString()) }.sortedWith(compareBy({ it.name }, { it.key }))

    /** Adds one, or renames it. */
    fun add(contact: Contact): Unit = kept.edit().putString(contact.key, contact.name).apply()
}

/** Somebody whose card was taken. */
internal data class Contact(val key: ParticipantKey, val name: String)
