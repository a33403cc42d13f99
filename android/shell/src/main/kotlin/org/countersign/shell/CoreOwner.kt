package org.countersign.shell

import android.content.Context

/** The app's `Application`: has the one core of the process. */
public interface CoreOwner {
    /** The core. */
    public val core: CoreHolder
}

/** Returns the core of the process. */
internal fun Context.core(): CoreHolder = (applicationContext as CoreOwner).core
