package org.countersign.shell.screen

import android.content.Context
import android.widget.LinearLayout
import org.countersign.session.ResourcePort
import org.countersign.session.Text
import org.countersign.shell.PrivacyGuard
import org.countersign.shell.screen.Look.below
import org.countersign.shell.screen.Look.button

/** Buttons below each other; none can be touched through something that lies over it. */
internal class ButtonsView(context: Context, private val resources: ResourcePort) : LinearLayout(context) {
    private var shown: List<Pair<Text, Boolean>> = emptyList()

    init {
        orientation = VERTICAL
    }

    /** Shows them; those that are there already stay. */
    fun show(models: List<Model>) {
        val wanted = models.map { it.label to it.main }
        if (wanted != shown) {
            shown = wanted
            removeAllViews()
            models.forEach { below(context.button(it.main).also(PrivacyGuard::guard)) }
        }
        models.forEachIndexed { index, model ->
            val button = getChildAt(index) as android.widget.Button
            button.text = model.label.resolve(resources)
            button.setOnClickListener { model.act() }
        }
    }

    /** A button; one of them is the main one. */
    class Model(val label: Text, val main: Boolean, val act: () -> Unit)
}
