package org.countersign.shell.screen

import android.graphics.Bitmap
import java.awt.image.BufferedImage
import java.awt.image.IndexColorModel
import java.io.ByteArrayOutputStream
import javax.imageio.ImageIO

/** Writes pictures small: half as wide, with the colours that mean something and those that are most frequent. */
internal object Palette {
    private const val MOST = 32
    private const val BYTE = 0xFF

    /** Returns it as PNG, in which these colours are as they were. */
    fun png(picture: Bitmap, meant: List<Int>): ByteArray {
        val drawn = Bitmap.createScaledBitmap(picture, picture.width / 2, picture.height / 2, true)
        val pixels = IntArray(drawn.width * drawn.height)
        drawn.getPixels(pixels, 0, drawn.width, 0, 0, drawn.width, drawn.height)
        val counts = pixels.groupBy { it }.mapValues { it.value.size }
        val frequent = counts.entries.sortedByDescending { it.value }.map { it.key }
        val colours = (meant + frequent).distinct().take(MOST).toIntArray()
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
