package org.countersign.sample

import android.content.Context
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.util.AttributeSet
import android.view.View
import com.google.zxing.common.BitMatrix

/** A QR code, black on white whatever the theme: cameras want it so. */
class QrView(context: Context, attributes: AttributeSet) : View(context, attributes) {
    private val black = Paint().apply { color = Color.BLACK }
    private var text: String? = null
    private var code: BitMatrix? = null

    /** Shows a text; returns whether it fits. */
    fun show(text: String): Boolean {
        if (text != this.text) {
            this.text = text
            code = QrCode.of(text)
            requestLayout()
            invalidate()
        }
        return code != null
    }

    /** As wide as there is room, but not wider than the screen is high; whole pixels for each module. */
    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val room = MeasureSpec.getSize(widthMeasureSpec)
        val side = room.coerceAtMost(resources.displayMetrics.heightPixels)
        val modules = code?.width ?: return setMeasuredDimension(room, 0)
        setMeasuredDimension(room, (side / modules).coerceAtLeast(1) * modules)
    }

    override fun onDraw(canvas: Canvas) {
        val code = code ?: return
        val module = height / code.width
        canvas.translate((width - height) / 2f, 0f)
        canvas.clipRect(0, 0, height, height)
        canvas.drawColor(Color.WHITE)
        for (y in 0 until code.height) {
            for (x in 0 until code.width) if (code[x, y]) square(canvas, x * module, y * module, module)
        }
    }

    private fun square(canvas: Canvas, x: Int, y: Int, module: Int) =
        canvas.drawRect(x.toFloat(), y.toFloat(), (x + module).toFloat(), (y + module).toFloat(), black)
}
