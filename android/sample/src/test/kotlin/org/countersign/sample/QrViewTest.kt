package org.countersign.sample

import android.graphics.Color
import android.view.View
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.annotation.Config

/** A card as a picture. */
internal class QrViewTest : SampleTest() {
    /** The longest card that there can be: 1024 bytes. */
    private val longest = "countersign:" + "Ab3_".repeat(342).take(1366)

    private fun shown(text: String): QrView = open(IdentityActivity::class.java).get().findViewById<QrView>(R.id.qr).also { view ->
        assertTrue(view.show(text))
        view.measure(View.MeasureSpec.makeMeasureSpec(WIDTH, View.MeasureSpec.EXACTLY), View.MeasureSpec.UNSPECIFIED)
        view.layout(0, 0, view.measuredWidth, view.measuredHeight)
    }

    @Test
    @Config(qualifiers = "w360dp-h720dp-xhdpi")
    fun `a camera reads what is shown`() {
        for (text in listOf("countersign:g1h2", longest.take(400), longest)) assertEquals(text, Camera.read(shown(text)))
    }

    @Test
    @Config(qualifiers = "w360dp-h720dp-night-xhdpi")
    fun `it is black on white in the dark, too, with room around it`() {
        val view = shown(longest)
        val drawn = Camera.draw(view)
        assertEquals(longest, Camera.read(drawn))
        val start = (drawn.width - drawn.height) / 2
        val module = drawn.height / checkNotNull(QrCode.of(longest)).width
        val colours = mutableSetOf<Int>()
        for (y in 0 until drawn.height) for (x in start until start + drawn.height) colours += drawn.getPixel(x, y)
        assertEquals(setOf(Color.BLACK, Color.WHITE), colours)
        for (edge in 0 until QrCode.QUIET_ZONE * module) {
            for (along in 0 until drawn.height) {
                assertEquals(Color.WHITE, drawn.getPixel(start + edge, along))
                assertEquals(Color.WHITE, drawn.getPixel(start + along, edge))
            }
        }
    }

    @Test
    fun `the longer the text, the weaker the correction, so that modules stay large`() {
        // By the standard's tables: how many modules wide the smallest code is that holds so many bytes.
        val widths = mapOf(250 to Q_14, 509 to Q_21, 510 to M_18, 711 to M_21, 712 to L_18, longest.length to L_27)
        assertEquals(widths, widths.mapValues { (length, _) -> QrCode.of(longest.take(length))?.width?.minus(2 * QrCode.QUIET_ZONE) })
    }

    @Test
    fun `what no code holds is not shown, and takes no room`() {
        assertNotNull(QrCode.of("a".repeat(2_953)))
        assertNull(QrCode.of("a".repeat(2_954)))
        val view = open(IdentityActivity::class.java).get().findViewById<QrView>(R.id.qr)
        assertFalse(view.show("a".repeat(2_954)))
        view.measure(View.MeasureSpec.makeMeasureSpec(WIDTH, View.MeasureSpec.EXACTLY), View.MeasureSpec.UNSPECIFIED)
        assertEquals(0, view.measuredHeight)
    }

    private companion object {
        const val WIDTH = 656
        const val Q_14 = 73
        const val Q_21 = 101
        const val M_18 = 89
        const val M_21 = 101
        const val L_18 = 89
        const val L_27 = 125
    }
}
