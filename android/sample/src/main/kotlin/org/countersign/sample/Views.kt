package org.countersign.sample

import android.content.Context
import android.text.TextUtils
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView

/** Shows words, or nothing and no room for it. */
internal fun TextView.say(words: CharSequence?) {
    text = words
    showIf(!words.isNullOrEmpty())
}

/** Shows a view, or nothing and no room for it. */
internal fun View.showIf(isShown: Boolean) {
    visibility = if (isShown) View.VISIBLE else View.GONE
}

/** Shows a view for each model; those that are there already stay, so that who reads with a finger does not lose them. */
internal fun <M, V : View> LinearLayout.list(models: List<M>, create: () -> V, bind: (V, M) -> Unit) {
    while (childCount > models.size) removeViewAt(childCount - 1)
    while (childCount < models.size) addView(create(), context.row())
    models.forEachIndexed { index, model ->
        @Suppress("UNCHECKED_CAST")
        bind(getChildAt(index) as V, model)
    }
}

/** Returns a button for a list. */
internal fun Context.button(): Button = Button(this, null, 0, R.style.Sample_Button).apply {
    maxLines = MOST_LINES
    ellipsize = TextUtils.TruncateAt.END
}

private const val MOST_LINES = 3

private fun Context.row() = LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT).apply {
    topMargin = resources.getDimensionPixelSize(R.dimen.sample_gap)
}
