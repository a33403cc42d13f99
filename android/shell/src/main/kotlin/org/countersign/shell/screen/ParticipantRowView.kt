package org.countersign.shell.screen

import android.content.Context
import android.os.Bundle
import android.view.Gravity
import android.view.View
import android.view.accessibility.AccessibilityNodeInfo
import android.widget.LinearLayout
import org.countersign.session.ParticipantRow
import org.countersign.session.ResourcePort
import org.countersign.session.RowAction
import org.countersign.session.Text
import org.countersign.shell.R
import org.countersign.shell.screen.Look.below
import org.countersign.shell.screen.Look.button
import org.countersign.shell.screen.Look.column
import org.countersign.shell.screen.Look.dp
import org.countersign.shell.screen.Look.isFontLarge
import org.countersign.shell.screen.Look.text

/** A participant: face, name, badge and the one thing that can be done. For a screen reader it is one element with that action. */
public class ParticipantRowView(
    context: Context,
    private val resources: ResourcePort,
    private val act: (ParticipantRow, RowAction) -> Unit,
) : LinearLayout(context) {
    private val avatar = AvatarView(context)
    private val name = context.text(Look.BODY_SP, bold = true).apply {
        // A key, too: its digits read from left to right everywhere.
        textDirection = TEXT_DIRECTION_FIRST_STRONG_LTR
    }
    private val badge = context.text(Look.SMALL_SP)
    private val button = context.button()
    private var shown: ParticipantRow? = null
    private var action: Pair<RowAction, String>? = null

    init {
        val words = context.column()
        words.addView(name)
        words.addView(badge)
        val person = LinearLayout(context).apply {
            gravity = Gravity.CENTER_VERTICAL
            addView(avatar)
            addView(words, LayoutParams(0, LayoutParams.WRAP_CONTENT, 1f).apply { marginStart = context.dp(GAP_DP) })
        }
        gravity = Gravity.CENTER_VERTICAL
        minimumHeight = context.dp(HEIGHT_DP)
        if (context.isFontLarge()) {
            orientation = VERTICAL
            below(person)
            below(button)
        } else {
            addView(person, LayoutParams(0, LayoutParams.WRAP_CONTENT, 1f))
            addView(button, LayoutParams(LayoutParams.WRAP_CONTENT, LayoutParams.WRAP_CONTENT))
        }
        isFocusable = true
        listOf(name, badge, button).forEach { it.importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO }
        button.setOnClickListener { perform() }
    }

    /** Shows it. */
    public fun show(row: ParticipantRow) {
        shown = row
        avatar.show(row.avatar)
        name.text = row.name
        BadgeView.show(badge, row.badge, resources)
        action = row.badge.action?.let { it to label(it).resolve(resources) }
        button.text = action?.second
        button.visibility = if (action == null) View.GONE else View.VISIBLE
        contentDescription = Text("row_description", listOf(row.name, badge.text.toString())).resolve(resources)
    }

    override fun onInitializeAccessibilityNodeInfo(info: AccessibilityNodeInfo) {
        super.onInitializeAccessibilityNodeInfo(info)
        action?.let { (_, label) -> info.addAction(AccessibilityNodeInfo.AccessibilityAction(R.id.countersign_row_action, label)) }
    }

    override fun performAccessibilityAction(action: Int, arguments: Bundle?): Boolean =
        if (action == R.id.countersign_row_action) perform() else super.performAccessibilityAction(action, arguments)

    private fun perform(): Boolean {
        val row = shown ?: return false
        val (action) = action ?: return false
        act(row, action)
        return true
    }

    private fun label(action: RowAction) = Text("row_" + action.name.lowercase())

    private companion object {
        const val HEIGHT_DP = 56
        const val GAP_DP = 12
    }
}
