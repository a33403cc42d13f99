package org.countersign.shell

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.annotation.Config

internal class AndroidResourcesTest : AndroidTest() {
    private val resources get() = app.core.resources

    private fun everyTextResolves() {
        for (wanted in WantedTexts.all()) {
            val text = wanted.resolve(resources)
            assertTrue("${wanted.key} is $text", text.isNotBlank() && '%' !in text)
            wanted.args.filterIsInstance<String>().forEach { assertTrue(it in text) }
        }
    }

    @Test
    fun `every text resolves in English`() {
        everyTextResolves()
        assertEquals("Ada, Bob, and Cid", resources.list(listOf("Ada", "Bob", "Cid")))
        assertEquals("Signing session expires in 1 minute", resources.text("message_expiring_minutes", listOf(1L), 1))
    }

    @Test
    @Config(qualifiers = "de")
    fun `every text resolves in German`() {
        everyTextResolves()
        assertEquals("Ada, Bob und Cid", resources.list(listOf("Ada", "Bob", "Cid")))
        assertEquals("Die Signiersitzung läuft in 5 Minuten ab", resources.text("message_expiring_minutes", listOf(5L), 5))
    }

    @Test
    @Config(qualifiers = "ar")
    fun `every text resolves in Arabic`() {
        everyTextResolves()
        assertTrue(resources.text("message_expiring_minutes", listOf(5L), 5).endsWith("دقائق"))
    }

    @Test
    fun `a count beyond all plurals is one of many`() {
        assertEquals("${Long.MAX_VALUE} items", resources.text("screen_items", listOf(Long.MAX_VALUE), Long.MAX_VALUE))
    }
}
