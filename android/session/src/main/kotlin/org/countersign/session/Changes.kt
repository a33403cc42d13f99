package org.countersign.session

import org.countersign.Observer
import java.util.concurrent.atomic.AtomicReference

/** Hears of the core's changes, and passes them on once there is somebody to pass them to. */
internal class Changes : Observer {
    private val listener = AtomicReference<() -> Unit> {}

    /** Passes changes on from now on; says that there was one, since there may have been. */
    fun listen(heard: () -> Unit) {
        listener.set(heard)
        heard()
    }

    override fun onChange(): Unit = listener.get()()
}
