package org.countersign.shell

import kotlinx.coroutines.runBlocking
import org.robolectric.shadows.ShadowLooper

/** Waits until something holds; the main thread, which is the test's own, works meanwhile. */
internal fun until(what: String = "it holds", holds: suspend () -> Boolean) {
    val end = System.nanoTime() + 30_000_000_000
    while (true) {
        ShadowLooper.idleMainLooper()
        if (runBlocking { holds() }) return
        check(System.nanoTime() < end) { "in vain: $what" }
        Thread.sleep(10)
    }
}
