package org.countersign.sample

import android.graphics.Bitmap
import android.graphics.Canvas
import android.view.View
import com.google.zxing.BinaryBitmap
import com.google.zxing.RGBLuminanceSource
import com.google.zxing.common.GlobalHistogramBinarizer
import com.google.zxing.qrcode.QRCodeReader

/** Another phone's camera, which sees what is drawn. */
internal object Camera {
    /** Reads a QR code as it stands on the screen. */
    fun read(view: View): String = read(draw(view))

    /** Reads a QR code from a picture. */
    fun read(picture: Bitmap): String {
        val pixels = IntArray(picture.width * picture.height)
        picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
        val source = RGBLuminanceSource(picture.width, picture.height, pixels)
        return QRCodeReader().decode(BinaryBitmap(GlobalHistogramBinarizer(source))).text
    }

    /** Draws a view as it stands on the screen. */
    fun draw(view: View): Bitmap {
        val picture = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(picture)
        canvas.drawColor(view.context.getColor(R.color.countersign_surface))
        view.draw(canvas)
        return picture
    }
}
