package org.countersign.shell.screen

import android.content.Context
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.view.View
import org.countersign.session.Avatar
import org.countersign.shell.screen.Look.dp

/** One or two letters on a colour, for a face. */
internal class AvatarView(context: Context) : View(context) {
    private val ground = Paint(Paint.ANTI_ALIAS_FLAG)
    private val letters = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        color = Color.WHITE
        textAlign = Paint.Align.CENTER
        textSize = context.dp(SIZE_DP) * LETTER_PART
    }
    private var initials = ""

    init {
        importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    /** Shows it. */
    fun show(avatar: Avatar) {
        initials = avatar.initials
        // Dark enough for white letters in every hue.
        ground.color = Color.HSVToColor(floatArrayOf(avatar.hue.toFloat(), 0.6f, 0.45f))
        invalidate()
    }

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int): Unit = setMeasuredDimension(context.dp(SIZE_DP), context.dp(SIZE_DP))

    override fun onDraw(canvas: Canvas) {
        val middle = width / 2f
        canvas.drawCircle(middle, middle, middle, ground)
        canvas.drawText(initials, middle, middle - (letters.ascent() + letters.descent()) / 2, letters)
    }

    private companion object {
        const val SIZE_DP = 40
        const val LETTER_PART = 0.4f
    }
}
