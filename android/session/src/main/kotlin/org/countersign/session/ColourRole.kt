package org.countersign.session

/** What a colour says; the theme has the colour. */
public enum class ColourRole {
    /** Nothing in particular. */
    NEUTRAL,

    /** It is well. */
    SUCCESS,

    /** It takes a moment. */
    WARNING,

    /** It is not well. */
    ERROR,
}
