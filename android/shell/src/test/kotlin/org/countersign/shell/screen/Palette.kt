package org.countersign.shell.screen

import android.graphics.Bitmap
import java.awt.image.BufferedImage
import java.awt.image.IndexColorModel
import java.io.ByteArrayOutputStream
import javax.imageio.ImageIO

/** Writes pictures small: three fifths as wide, and with the colours that are most frequent in them. */
internal object Palette {
    private const val MOST = 32
    private const val BYTE = 0xFF

    /** Returns it as PNG. */
    fun png(picture: Bitmap): ByteArray {
        val drawn = Bitmap.createScaledBitmap(picture, picture.width * 3 / 5, picture.height * 3 / 5, true)
        val pixels = IntArray(drawn.width * drawn.height)
        drawn.getPixels(pixels, 0, drawn.width, 0, 0, drawn.width, drawn.height)
        val counts = pixels.groupBy { it }.mapValues { it.value.size }
        val colours = counts.entries.sortedByDescending { it.value }.take(MOST).map { it.key }.toIntArray()
        val nearest = counts.keys.associateWith { colour -> colours.indices.minBy { distance(colours[it], colour) } }
        val model = IndexColorModel(8, colours.size, colours, 0, false, -1, java.awt.image.DataBuffer.TYPE_BYTE)
        val image = BufferedImage(drawn.width, drawn.height, BufferedImage.TYPE_BYTE_INDEXED, model)
        image.raster.setPixels(0, 0, drawn.width, drawn.height, IntArray(pixels.size) { nearest.getValue(pixels[it]) })
        return ByteArrayOutputStream().also { ImageIO.write(image, "png", it) }.toByteArray()
    }

    private fun distance(one: Int, other: Int): Int = listOf(0, 8, 16).sumOf { shift ->
        val step = (one shr shift and BYTE) - (other shr shift and BYTE)
        step * step
    }
}
