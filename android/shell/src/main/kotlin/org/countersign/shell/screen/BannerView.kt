package org.countersign.shell.screen

import android.content.Context
import android.view.View
import android.widget.LinearLayout
import org.countersign.session.ColourRole
import org.countersign.session.Remedy
import org.countersign.session.ResourcePort
import org.countersign.session.Text
import org.countersign.shell.R
import org.countersign.shell.screen.Look.below
import org.countersign.shell.screen.Look.button
import org.countersign.shell.screen.Look.colour
import org.countersign.shell.screen.Look.dp
import org.countersign.shell.screen.Look.shape
import org.countersign.shell.screen.Look.text

/** What a screen says above everything else, with what can be done about it. */
internal class BannerView(context: Context, private val resources: ResourcePort) : LinearLayout(context) {
    private val words = context.text(Look.BODY_SP, bold = true)
    private val button = context.button()

    init {
        orientation = VERTICAL
        background = context.shape(R.color.countersign_card)
        val gap = context.dp(Look.GAP_DP)
        setPaddingRelative(2 * gap, gap, 2 * gap, gap)
        below(words)
        below(button)
        accessibilityLiveRegion = ACCESSIBILITY_LIVE_REGION_POLITE
    }

    /** Shows it. */
    fun show(model: Model) {
        words.text = model.label.resolve(resources)
        words.setTextColor(context.colour(model.role))
        button.visibility = if (model.button == null) View.GONE else View.VISIBLE
        button.text = model.button?.resolve(resources)
        button.setOnClickListener { model.act() }
    }

    /** A banner, and what its button does. */
    class Model(val label: Text, val role: ColourRole, val button: Text?, val act: () -> Unit)

    internal companion object {
        /** What the button of a remedy says. */
        fun button(remedy: Remedy): Text? = when (remedy) {
            Remedy.OPEN_NETWORK_SETTINGS, Remedy.OPEN_APP_SETTINGS, Remedy.OPEN_BATTERY_SETTINGS -> Text("remedy_open")
            Remedy.ALLOW_NOTIFICATIONS, Remedy.ALLOW_EXACT_ALARMS -> Text("remedy_allow")
            Remedy.INVITE -> Text("row_invite")
            Remedy.CONNECT -> Text("remedy_connect")
            // Only the app knows the user's nickname.
            Remedy.ISSUE_CARD -> null
        }
    }
}
