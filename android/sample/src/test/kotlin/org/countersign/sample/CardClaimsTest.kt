package org.countersign.sample

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Test
import kotlin.random.Random

/** What a card says of itself, and texts that are none. */
internal class CardClaimsTest {
    @Test
    fun `a card says whose it is`() {
        assertEquals(CardClaims(KnownCard.KEY, "Ada"), CardClaims.of(KnownCard.TEXT))
        assertEquals("02a839…d2ac", CardClaims.of(KnownCard.TEXT)?.shortKey)
    }

    @Test
    fun `a name that is not seen, or turns what follows, is not shown as it is`() {
        fun named(words: String) = CardClaims.named(words, KnownCard.KEY)
        assertEquals("Bob", named("Bob"))
        assertEquals("02a839…d2ac", named("\u202E"))
        assertEquals("02a839…d2ac", named(" \n "))
    }

    @Test
    fun `a card that is cut off or changed is no card`() {
        for (length in KnownCard.TEXT.indices) assertNull("$length", CardClaims.of(KnownCard.TEXT.take(length)))
        val dice = Random(seed = 7)
        repeat(1_000) {
            val at = dice.nextInt(PREFIX, KnownCard.TEXT.length - 1)
            val other = if (KnownCard.TEXT[at] == 'A') "B" else "A"
            assertNull("$at", CardClaims.of(KnownCard.TEXT.replaceRange(at, at + 1, other)))
        }
    }

    @Test
    fun `a text has a card if it has exactly one`() {
        assertEquals(KnownCard.TEXT, CardText.find("Mine is ${KnownCard.TEXT}.\nAda"))
        for (text in listOf("", "countersign:", "Countersign", "countersign://session/ab", "${KnownCard.TEXT} ${KnownCard.TEXT}")) assertNull(text, CardText.find(text))
        assertNotNull(CardText.find("countersign:A"))
        assertNull(CardClaims.of("countersign:A"))
    }

    private companion object {
        const val PREFIX = "countersign:".length
    }
}
