package org.countersign.shell

import android.os.SystemClock
import org.countersign.session.Clock

/** The phone's own time: it runs while the phone sleeps, and nobody can set it. */
public object AndroidClock : Clock {
    override fun nowMs(): Long = SystemClock.elapsedRealtime()
}
