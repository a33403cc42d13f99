package org.countersign.sample

import android.app.Activity
import android.view.View
import android.view.ViewGroup
import android.view.WindowManager
import android.widget.Button
import android.widget.CompoundButton
import android.widget.EditText
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.annotation.Config

/** What holds of every screen: nobody records it, fingers and readers find everything. */
internal class ScreensTest : SampleTest() {
    private val screens = listOf(
        IdentityActivity::class.java, AddCardActivity::class.java, NewWalletActivity::class.java,
        WalletActivity::class.java, ProposeActivity::class.java, SignedActivity::class.java,
    )

    private fun Activity.views(): List<View> = below(findViewById(android.R.id.content))

    private fun below(view: View): List<View> = listOf(view) + children(view).flatMap(::below)

    private fun children(view: View): List<View> = if (view is ViewGroup) List(view.childCount, view::getChildAt) else emptyList()

    private fun each(look: (Activity) -> Unit) {
        Contacts(app).add(Contact(KnownCard.KEY, "Ada"))
        for (screen in screens) look(open(screen).get())
    }

    @Test
    fun `no screen is recorded`() = each { screen ->
        assertNotEquals(screen.localClassName, 0, screen.window.attributes.flags and WindowManager.LayoutParams.FLAG_SECURE)
    }

    @Test
    fun `no button can be touched through what lies over it`() = each { screen ->
        val buttons = screen.views().filter { it is Button && it !is CompoundButton }
        assertTrue(screen.localClassName, buttons.all { it.filterTouchesWhenObscured })
    }

    @Test
    @Config(qualifiers = "w320dp-h640dp-xhdpi")
    fun `a finger hits what can be touched, and a reader says what it is`() = each { screen ->
        val root = screen.findViewById<View>(android.R.id.content)
        screen.views().filter { it.id in HIDDEN_AT_FIRST }.forEach { it.visibility = View.VISIBLE }
        root.measure(exactly(WIDTH), exactly(WIDTH * 4))
        root.layout(0, 0, WIDTH, WIDTH * 4)
        val touched = screen.views().filter { (it is Button || it is EditText) && it.visibility == View.VISIBLE }
        assertTrue(screen.localClassName, touched.isNotEmpty() || screen is SignedActivity)
        for (view in touched) assertTrue("${screen.localClassName} $view", view.height >= TOUCH && view.width >= TOUCH)
        val fields = screen.views().filterIsInstance<EditText>().map { it.id }.toSet()
        assertEquals(fields, screen.views().map { it.labelFor }.filter { it != View.NO_ID }.toSet())
        assertTrue(touched.all { it is EditText || (it as TextView).text.isNotBlank() })
        screen.views().filterIsInstance<QrView>().forEach { assertEquals("Your card as a QR code", it.contentDescription) }
    }

    private fun exactly(size: Int) = View.MeasureSpec.makeMeasureSpec(size, View.MeasureSpec.EXACTLY)

    private companion object {
        val HIDDEN_AT_FIRST = setOf(R.id.first, R.id.home, R.id.propose)

        /** 48 dp of two pixels each, on a screen of 320 dp. */
        const val TOUCH = 96
        const val WIDTH = 640
    }
}
