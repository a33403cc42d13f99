package org.countersign.session

/** The app's resources, in the user's language. */
public interface ResourcePort {
    /** Returns a text; `quantity` chooses among its plurals, if it has any. */
    public fun text(key: String, args: List<Any>, quantity: Long?): String

    /** Joins names as the language joins a list. */
    public fun list(names: List<String>): String
}
