package org.countersign.session

/** What stands for a face: one or two letters on a hue of 0 to 359 that is always the same for a key. */
public data class Avatar(val initials: String, val hue: Int) {
    internal companion object {
        private const val HUES = 360
        private const val HEX = 16
        private const val DIGITS = 4

        fun of(key: String, name: String): Avatar = Avatar(initials(name), key.takeLast(DIGITS).toInt(HEX) % HUES)

        private fun initials(name: String): String = name.split(' ').filter { it.isNotEmpty() }.take(2)
            .joinToString("") { it.substring(0, it.offsetByCodePoints(0, 1)) }
            .uppercase()
    }
}
