package org.countersign.shell

import android.annotation.SuppressLint
import android.content.Context
import android.icu.text.ListFormatter
import org.countersign.session.ResourcePort

/** The app's texts, by the names that the core's messages give them. */
public class AndroidResources(private val context: Context) : ResourcePort {
    private val owner = context.resources.getResourcePackageName(R.string.anonymous)

    override fun text(key: String, args: List<Any>, quantity: Long?): String {
        val resources = context.resources
        val values = args.toTypedArray()
        return if (quantity == null) {
            resources.getString(find(key, "string"), *values)
        } else {
            resources.getQuantityString(find(key, "plurals"), quantity.coerceIn(0, MOST).toInt(), *values)
        }
    }

    override fun list(names: List<String>): String = ListFormatter.getInstance(locale()).format(names)

    private fun locale() = context.resources.configuration.locales[0]

    /** The names are the core's, so none is written here; the build is told to keep them. */
    @SuppressLint("DiscouragedApi")
    private fun find(key: String, type: String): Int = context.resources.getIdentifier(key, type, owner)

    private companion object {
        /** Beyond it every language has the same plural. */
        const val MOST = 1_000_000L
    }
}
