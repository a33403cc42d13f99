package org.countersign.shell.screen

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.view.View
import org.countersign.session.ResourcePort
import org.countersign.session.Segment
import org.countersign.session.Text
import org.countersign.shell.R
import org.countersign.shell.screen.Look.dp

/** One round: a part for each participant, full if it has done its part. */
internal class RoundsView(context: Context) : View(context) {
    private val done = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = context.getColor(R.color.countersign_success) }
    private val open = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        color = context.getColor(R.color.countersign_pending)
        style = Paint.Style.STROKE
        strokeWidth = context.dp(1).toFloat()
    }
    private var segments: List<Segment> = emptyList()

    /** Shows it; the words of the text count the same. */
    fun show(round: List<Segment>, words: String, resources: ResourcePort) {
        segments = round
        contentDescription = Text(words, counts(round)).resolve(resources)
        invalidate()
    }

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int): Unit =
        setMeasuredDimension(MeasureSpec.getSize(widthMeasureSpec), context.dp(HEIGHT_DP))

    override fun onDraw(canvas: Canvas) {
        val gap = context.dp(GAP_DP).toFloat()
        val part = (width + gap) / segments.size.coerceAtLeast(1) - gap
        segments.forEachIndexed { index, segment ->
            val place = if (layoutDirection == LAYOUT_DIRECTION_RTL) segments.lastIndex - index else index
            val start = place * (part + gap) + 1
            val radius = (height / 2f).coerceAtMost(part / 2)
            canvas.drawRoundRect(start, 1f, start + part - 2, height - 1f, radius, radius, if (segment.done) done else open)
        }
    }

    internal companion object {
        private const val HEIGHT_DP = 10
        private const val GAP_DP = 3

        /** How many of how many. */
        fun counts(round: List<Segment>): List<Any> = listOf(round.count { it.done }.toLong(), round.size.toLong())
    }
}
