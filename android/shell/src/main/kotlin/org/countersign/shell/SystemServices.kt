package org.countersign.shell

import android.content.Context

/** Returns a service that every Android has. */
internal inline fun <reified T : Any> Context.service(): T = checkNotNull(getSystemService(T::class.java)) { "no ${T::class.simpleName}" }
