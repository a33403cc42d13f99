package org.countersign.session

/**
 * A text of the app's resources.
 *
 * @property key which one.
 * @property args what stands in it, in order: each a `String` or a `Long`.
 * @property quantity the number by which its plural is chosen, if it has one.
 */
public data class Text(val key: String, val args: List<Any> = emptyList(), val quantity: Long? = null) {
    /** Returns it in the user's language. */
    public fun resolve(resources: ResourcePort): String = resources.text(key, args, quantity)
}
