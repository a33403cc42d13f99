package org.countersign.shell.screen

import android.graphics.Bitmap
import android.graphics.Color
import android.graphics.Rect
import android.view.View
import android.view.ViewGroup
import android.widget.TextView

/** Measures on a drawn screen how well its words can be read (WCAG 2). */
internal object Contrast {
    /** Returns for each text that is seen as a whole the contrast of its letters with what is behind them. */
    fun of(root: ViewGroup, drawn: Bitmap): Map<String, Double> = texts(root).mapNotNull { view ->
        val place = Rect(0, 0, view.width, view.height)
        root.offsetDescendantRectToMyCoords(view, place)
        place.offset(0, -root.scrollY)
        val isSeen = place.top >= 0 && place.bottom <= drawn.height && place.left >= 0 && place.right <= drawn.width
        if (isSeen && !view.text.isNullOrBlank()) "${view.text}" to contrast(drawn, place) else null
    }.toMap()

    private fun texts(view: View): List<TextView> = when {
        view.visibility != View.VISIBLE -> emptyList()
        view is TextView -> listOf(view)
        view is ViewGroup -> (0 until view.childCount).flatMap { texts(view.getChildAt(it)) }
        else -> emptyList()
    }

    /** What is behind the letters is the most frequent colour; the letters' own is the one that differs most of those that are no rarity. */
    private fun contrast(drawn: Bitmap, place: Rect): Double {
        val pixels = IntArray(place.width() * place.height())
        drawn.getPixels(pixels, 0, place.width(), place.left, place.top, place.width(), place.height())
        val counts = pixels.groupBy { it }.mapValues { it.value.size }
        val ground = counts.maxBy { it.value }.key
        return counts.filter { it.value >= SOLID_PIXELS }.keys.maxOf { ratio(it, ground) }
    }

    private fun ratio(one: Int, other: Int): Double {
        val (dark, light) = listOf(one, other).map { Color.luminance(it).toDouble() }.sorted()
        return (light + 0.05) / (dark + 0.05)
    }

    private const val SOLID_PIXELS = 8
}
