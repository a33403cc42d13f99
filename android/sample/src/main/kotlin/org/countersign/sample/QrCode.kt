package org.countersign.sample

import com.google.zxing.BarcodeFormat
import com.google.zxing.EncodeHintType
import com.google.zxing.WriterException
import com.google.zxing.common.BitMatrix
import com.google.zxing.qrcode.QRCodeWriter
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel

/** A card's text as a QR code. */
internal object QrCode {
    /** What the standard wants around it, in modules. */
    const val QUIET_ZONE = 4

    /** A camera reads a module of half a millimetre on a phone's screen. */
    private const val READABLE_MODULES = 101 + 2 * QUIET_ZONE

    /** Returns it with the strongest correction whose modules a camera still sees, else with the weakest; `null` if none holds the text. */
    fun of(text: String): BitMatrix? {
        val codes = listOf(ErrorCorrectionLevel.Q, ErrorCorrectionLevel.M, ErrorCorrectionLevel.L).mapNotNull { encode(text, it) }
        return codes.firstOrNull { it.width <= READABLE_MODULES } ?: codes.lastOrNull()
    }

    private fun encode(text: String, level: ErrorCorrectionLevel): BitMatrix? = try {
        val hints = mapOf(EncodeHintType.ERROR_CORRECTION to level, EncodeHintType.MARGIN to QUIET_ZONE)
        QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, 0, 0, hints)
    } catch (_: WriterException) {
        null
    }
}
