package org.countersign.session

import org.countersign.DeepLink

/** What a touch leads to. */
public sealed interface Opens {
    /** The app, at a session. Never by way of a receiver: Android starts no screen from one. */
    public data class Screen(val link: DeepLink) : Opens

    /** Nothing that is seen: the app hears of it. */
    public data object Nothing : Opens
}
