package org.countersign.shell.screen

import android.graphics.Bitmap
import android.os.Build
import android.view.View
import android.view.ViewGroup
import android.widget.ScrollView
import org.countersign.session.ColourRole
import org.countersign.shell.screen.Look.colour
import org.countersign.shell.screen.Look.column
import org.countersign.shell.screen.Look.dp
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.annotation.Config
import java.io.File

/** Every screen in light, dark, right to left and with large letters: each word can be read, and pictures of them are written if wanted. */
internal class ScreenshotTest : ScreenTest() {
    @Test
    @Config(qualifiers = "w360dp-h720dp-xhdpi")
    fun `in light`() = all("light")

    @Test
    @Config(qualifiers = "w360dp-h720dp-night-xhdpi")
    fun `in the dark`() = all("dark")

    @Test
    @Config(qualifiers = "ar-ldrtl-w360dp-h720dp-xhdpi")
    fun `from right to left`() = all("rtl")

    @Test
    @Config(qualifiers = "w360dp-h720dp-xhdpi", fontScale = 2.0f)
    fun `with letters twice as large`() = all("large")

    private fun all(look: String) {
        val resources = app.core.resources
        shoot("participants-$look") { context ->
            ScrollView(context).apply {
                val page = context.column()
                page.setPadding(context.dp(16), context.dp(16), context.dp(16), context.dp(16))
                val rows = Reused(page, { ParticipantRowView(context, resources) { _, _ -> } }, ParticipantRowView::show)
                rows.show(Samples.screen(resources).wallets.single().rows)
                addView(page)
            }
        }
        shoot("sessions-$look") { SessionListView(it, resources, listener).apply { show(Samples.screen(resources), Samples.reasons()) } }
        shoot("session-$look") { SessionView(it, resources, listener).apply { show(Samples.session(resources)) } }
    }

    private fun shoot(name: String, create: (android.app.Activity) -> ScrollView) = shown(create) { view ->
        // The whole length of it, not only what a phone shows at a time.
        val length = view.getChildAt(0).height.coerceAtLeast(view.height)
        view.measure(exactly(view.width), exactly(length))
        view.layout(0, 0, view.measuredWidth, view.measuredHeight)
        val drawn = view.draw()
        val contrasts = Contrast.of(view as ViewGroup, drawn)
        assertTrue("$name has words: $contrasts", contrasts.size > 6)
        assertTrue("$name: ${contrasts.filterValues { it < 4.5 }}", contrasts.values.all { it >= 4.5 })
        write(name, drawn)
    }

    private fun exactly(size: Int) = View.MeasureSpec.makeMeasureSpec(size, View.MeasureSpec.EXACTLY)

    private fun write(name: String, drawn: Bitmap) {
        val folder = System.getProperty("countersign.screenshots").orEmpty()
        if (folder.isEmpty() || Build.VERSION.SDK_INT != SHOWN) return
        File(folder).mkdirs()
        File(folder, "$name.png").writeBytes(Palette.png(drawn, ColourRole.entries.map { app.colour(it) }))
    }

    private companion object {
        /** One Android is enough to be looked at. */
        const val SHOWN = 35
    }
}
