package org.countersign.shell.screen

import android.content.Context
import android.content.res.ColorStateList
import android.widget.TextView
import org.countersign.session.Badge
import org.countersign.session.ColourRole
import org.countersign.session.ResourcePort
import org.countersign.shell.R
import org.countersign.shell.screen.Look.colour
import org.countersign.shell.screen.Look.dp

/** A status as icon, text and colour: each says it alone. */
internal object BadgeView {
    /** Shows it in a text. */
    fun show(view: TextView, badge: Badge, resources: ResourcePort) {
        val colour = view.context.colour(badge.role)
        view.text = badge.label.resolve(resources)
        view.setTextColor(colour)
        view.compoundDrawableTintList = ColorStateList.valueOf(colour)
        view.compoundDrawablePadding = view.context.dp(ICON_GAP_DP)
        view.setCompoundDrawablesRelative(icon(view.context, badge.role), null, null, null)
    }

    private fun icon(context: Context, role: ColourRole) = context.getDrawable(
        when (role) {
            ColourRole.NEUTRAL -> R.drawable.countersign_plain
            ColourRole.SUCCESS -> R.drawable.countersign_done
            ColourRole.WARNING -> R.drawable.countersign_wait
            ColourRole.ERROR -> R.drawable.countersign_fault
        },
    )?.apply { setBounds(0, 0, context.dp(ICON_DP), context.dp(ICON_DP)) }

    private const val ICON_DP = 16
    private const val ICON_GAP_DP = 4
}
