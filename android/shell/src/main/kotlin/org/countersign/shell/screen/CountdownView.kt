package org.countersign.shell.screen

import android.content.Context
import android.text.format.DateFormat
import android.text.format.DateUtils
import android.widget.TextView
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.launch
import org.countersign.session.CountdownTicker
import org.countersign.session.ResourcePort
import org.countersign.session.Text
import org.countersign.session.Tick
import org.countersign.shell.AndroidClock
import org.countersign.shell.screen.Look.text
import java.util.Date

/** How much time is left; ticks while it is seen. */
internal class CountdownView(context: Context, private val resources: ResourcePort) {
    /** What shows it. */
    val view: TextView = context.text(Look.BODY_SP).apply { addOnAttachStateChangeListener(Watching()) }

    private val visible = MutableStateFlow(true)
    private var scope: CoroutineScope? = null
    private var ticking: Job? = null
    private var endsAtMs: Long? = null

    /** Counts down to this moment, if there is one. */
    fun show(endsAtMs: Long?) {
        // Read anew it differs by a few milliseconds, which nobody sees.
        val before = this.endsAtMs
        if (before != null && endsAtMs != null && endsAtMs in before - SLACK_MS..before + SLACK_MS) return
        this.endsAtMs = endsAtMs
        view.visibility = if (endsAtMs == null) TextView.GONE else TextView.VISIBLE
        restart()
    }

    private fun restart() {
        ticking?.cancel()
        val end = endsAtMs ?: return
        ticking = scope?.launch { CountdownTicker(AndroidClock).ticks(end, visible).collect { say(it, end) } }
    }

    private fun say(tick: Tick, endsAtMs: Long) {
        val minutes = Text("screen_minutes", listOf(tick.minutes), tick.minutes).resolve(resources)
        val seconds = tick.seconds
        val left = if (seconds == null) minutes else DateUtils.formatElapsedTime(tick.minutes * SECONDS + seconds)
        view.text = (if (tick.isOver) Text("screen_over") else Text("screen_left", listOf(left))).resolve(resources)
        val at = Date(System.currentTimeMillis() + endsAtMs - AndroidClock.nowMs())
        val clock = DateFormat.getTimeFormat(view.context).format(at)
        view.contentDescription = Text("screen_ends_at", listOf(clock, minutes)).resolve(resources)
        // Not each second: a reader would say nothing else any more.
        @Suppress("DEPRECATION")
        if (tick.announce != null) view.announceForAccessibility(view.contentDescription)
    }

    private inner class Watching : android.view.View.OnAttachStateChangeListener {
        override fun onViewAttachedToWindow(view: android.view.View) {
            scope = CoroutineScope(Dispatchers.Main.immediate)
            restart()
        }

        override fun onViewDetachedFromWindow(view: android.view.View) {
            scope?.cancel()
            scope = null
        }
    }

    private companion object {
        const val SECONDS = 60L
        const val SLACK_MS = 500L
    }
}
