package org.countersign.sample

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Test
import java.util.Base64
import kotlin.random.Random

/** What a card says of itself, and texts that are none. */
internal class CardClaimsTest {
    private val bytes = checkNotNull(CardText.bytes(KnownCard.TEXT))

    private fun text(bytes: ByteArray) = "countersign:" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes)

    @Test
    fun `a card says whose it is`() {
        assertEquals(CardClaims(KnownCard.KEY, "Ada"), CardClaims.of(KnownCard.TEXT))
        assertEquals("02a839…d2ac", CardClaims.of(KnownCard.TEXT)?.shortKey)
    }

    @Test
    fun `a name that is not seen, or turns what follows, is not shown as it is`() {
        val name = bytes.indexOf("Ada".encodeToByteArray())
        fun named(words: String) = CardClaims.of(text(bytes.copyOf().also { words.encodeToByteArray().copyInto(it, name) }))?.name
        assertEquals("Bob", named("Bob"))
        assertEquals("02a839…d2ac", named("\u202E"))
        assertEquals("02a839…d2ac", named(" \n "))
    }

    @Test
    fun `a card that is cut off or changed is no card, or another one`() {
        for (length in bytes.indices) CardClaims.of(text(bytes.copyOf(length)))
        val upToName = bytes.indexOf("Ada".encodeToByteArray()) + 3
        for (length in 0 until upToName) assertNull("$length", CardClaims.of(text(bytes.copyOf(length))))
        val dice = Random(seed = 7)
        repeat(10_000) {
            val changed = bytes.copyOf()
            repeat(dice.nextInt(1, 4)) { changed[dice.nextInt(changed.size)] = dice.nextInt().toByte() }
            CardClaims.of(text(changed))
        }
    }

    @Test
    fun `a text has a card if it has exactly one`() {
        assertEquals(KnownCard.TEXT, CardText.find("Mine is ${KnownCard.TEXT}.\nAda"))
        for (text in listOf("", "countersign:", "Countersign", "countersign://session/ab", "${KnownCard.TEXT} ${KnownCard.TEXT}")) assertNull(text, CardText.find(text))
        assertNotNull(CardText.find("countersign:A"))
        assertNull(CardClaims.of("countersign:A"))
    }

    private fun ByteArray.indexOf(part: ByteArray) = indices.first { copyOfRange(it, it + part.size).contentEquals(part) }
}
