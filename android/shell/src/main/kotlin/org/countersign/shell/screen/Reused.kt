package org.countersign.shell.screen

import android.view.View
import android.widget.LinearLayout
import org.countersign.shell.screen.Look.below

/** A list of which each view stays for as long as there is something at its place: who reads it with a finger does not lose it. */
internal class Reused<M, V : View>(
    private val column: LinearLayout,
    private val create: () -> V,
    private val bind: (V, M) -> Unit,
) {
    private val views = mutableListOf<V>()

    /** Shows these, in this order. */
    fun show(models: List<M>) {
        while (views.size > models.size) column.removeView(views.removeAt(views.lastIndex))
        while (views.size < models.size) views += create().also { column.below(it) }
        views.zip(models).forEach { (view, model) -> bind(view, model) }
    }
}
