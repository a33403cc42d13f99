package org.countersign.shell.screen

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import android.os.Bundle
import android.view.View
import org.countersign.Action
import org.countersign.NextAction
import org.countersign.SessionId
import org.countersign.session.ParticipantRow
import org.countersign.session.Remedy
import org.countersign.session.RowAction
import org.countersign.shell.AndroidTest
import org.countersign.shell.R
import org.robolectric.Robolectric
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowLooper

/** What tests of screens share: they are drawn as on a phone. */
@GraphicsMode(GraphicsMode.Mode.NATIVE)
internal abstract class ScreenTest : AndroidTest() {
    val touched = mutableListOf<Any>()

    val listener = object : ScreenListener {
        override fun open(session: SessionId) {
            touched += session
        }

        override fun answer(session: SessionId, action: Action) {
            touched += action
        }

        override fun proceed(session: SessionId, action: NextAction) {
            touched += action
        }

        override fun act(row: ParticipantRow, action: RowAction) {
            touched += row.name to action
        }

        override fun remedy(remedy: Remedy) {
            touched += remedy
        }
    }

    /** Shows a view on a phone, and what comes of it. */
    fun <V : View> shown(create: (Activity) -> V, look: (V) -> Unit) {
        Robolectric.buildActivity(Frame::class.java).use { controller ->
            val activity = controller.setup().get()
            val view = create(activity)
            activity.setContentView(view)
            ShadowLooper.idleMainLooper()
            look(view)
        }
    }

    /** Draws a view. */
    fun View.draw(): Bitmap {
        val bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(bitmap)
        canvas.drawColor(context.getColor(R.color.countersign_surface))
        draw(canvas)
        return bitmap
    }

    /** A screen with nothing on it. */
    class Frame : Activity() {
        override fun onCreate(savedInstanceState: Bundle?) {
            setTheme(R.style.Countersign)
            super.onCreate(savedInstanceState)
        }
    }
}
