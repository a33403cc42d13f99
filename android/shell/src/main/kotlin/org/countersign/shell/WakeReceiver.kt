package org.countersign.shell

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent

/** Hears our alarm, and what the system says that may change the plan. */
public class WakeReceiver : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        val wake = Wake.of(intent) ?: return
        val inexact = wake == Wake.ALARM && intent.getBooleanExtra(INEXACT, false)
        val core = context.core()
        briefly(core) { core.woken(wake, inexact) }
    }

    internal companion object {
        private const val INEXACT = "inexact"

        /** What the alarm sends; by its filter it is always the same alarm. */
        fun alarm(context: Context, inexact: Boolean): Intent =
            Intent(context, WakeReceiver::class.java).setAction(Wake.ALARM.action).putExtra(INEXACT, inexact)
    }
}
