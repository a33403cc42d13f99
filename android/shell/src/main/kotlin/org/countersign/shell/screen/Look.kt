package org.countersign.shell.screen

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.drawable.Drawable
import android.graphics.drawable.GradientDrawable
import android.graphics.drawable.RippleDrawable
import android.util.TypedValue
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import org.countersign.session.ColourRole
import org.countersign.shell.R

/** How things look: sizes, colours and shapes. */
internal object Look {
    /** What a finger hits. */
    const val TOUCH_DP = 48
    const val GAP_DP = 8
    const val TITLE_SP = 22f
    const val HEADING_SP = 17f
    const val BODY_SP = 15f
    const val SMALL_SP = 13f
    private const val CORNER_DP = 12
    private const val LARGE_FONT = 1.3f

    fun Context.dp(size: Int): Int = (size * resources.displayMetrics.density + 0.5f).toInt()

    /** Whether the user wants letters so large that things stand below each other, not beside. */
    fun Context.isFontLarge(): Boolean = resources.configuration.fontScale > LARGE_FONT

    fun Context.colour(role: ColourRole): Int = getColor(
        when (role) {
            ColourRole.NEUTRAL -> R.color.countersign_neutral
            ColourRole.SUCCESS -> R.color.countersign_success
            ColourRole.WARNING -> R.color.countersign_warning
            ColourRole.ERROR -> R.color.countersign_error
        },
    )

    fun Context.text(sp: Float, colour: Int = R.color.countersign_text, bold: Boolean = false): TextView = TextView(this).apply {
        setTextSize(TypedValue.COMPLEX_UNIT_SP, sp)
        setTextColor(getColor(colour))
        textAlignment = View.TEXT_ALIGNMENT_VIEW_START
        // A co-signer's name goes its own way, whatever the language around it.
        textDirection = View.TEXT_DIRECTION_LOCALE
        if (bold) setTypeface(typeface, android.graphics.Typeface.BOLD)
    }

    fun Context.heading(words: CharSequence): TextView = text(HEADING_SP, bold = true).apply {
        text = words
        isAccessibilityHeadingCompat()
    }

    /** A button; the one that matters most is filled. */
    fun Context.button(filled: Boolean = false): Button = Button(this).apply {
        isAllCaps = false
        minHeight = dp(TOUCH_DP)
        minimumHeight = dp(TOUCH_DP)
        minWidth = dp(TOUCH_DP)
        minimumWidth = dp(TOUCH_DP)
        stateListAnimator = null
        setTextSize(TypedValue.COMPLEX_UNIT_SP, BODY_SP)
        setPaddingRelative(dp(2 * GAP_DP), dp(GAP_DP), dp(2 * GAP_DP), dp(GAP_DP))
        setTextColor(getColor(if (filled) R.color.countersign_on_accent else R.color.countersign_accent))
        val shape = if (filled) shape(R.color.countersign_accent) else outline()
        background = RippleDrawable(ColorStateList.valueOf(getColor(R.color.countersign_line)), shape, shape(R.color.countersign_text))
    }

    fun Context.shape(colour: Int): Drawable = GradientDrawable().apply {
        cornerRadius = dp(CORNER_DP).toFloat()
        setColor(getColor(colour))
    }

    fun Context.column(): LinearLayout = LinearLayout(this).apply { orientation = LinearLayout.VERTICAL }

    fun Context.card(): LinearLayout = column().apply {
        background = shape(R.color.countersign_card)
        val gap = dp(2 * GAP_DP)
        setPaddingRelative(gap, gap, gap, gap)
    }

    /** Adds a view over the whole width, with room above it. */
    fun LinearLayout.below(view: View, gapDp: Int = GAP_DP) {
        val params = LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT)
        params.topMargin = context.dp(gapDp)
        addView(view, params)
    }

    /** Shows words, or nothing and no room for it. */
    fun TextView.say(words: CharSequence?) {
        text = words
        visibility = if (words.isNullOrEmpty()) View.GONE else View.VISIBLE
    }

    private fun Context.outline(): Drawable = GradientDrawable().apply {
        cornerRadius = dp(CORNER_DP).toFloat()
        setColor(getColor(R.color.countersign_surface))
        setStroke(dp(1), getColor(R.color.countersign_line))
    }

    private fun View.isAccessibilityHeadingCompat() {
        if (android.os.Build.VERSION.SDK_INT >= android.os.Build.VERSION_CODES.P) isAccessibilityHeading = true
    }
}
