package org.countersign.shell

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.w3c.dom.Element
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory

/** The texts as they stand in the files. */
internal class TextsTest {
    private val languages = folder.listFiles().orEmpty()
        .filter { it.resolve(FILE).exists() }
        .associate { it.name to texts(it.resolve(FILE)) }
    private val english = languages.getValue("values")

    @Test
    fun `there are three languages`() {
        assertEquals(setOf("values", "values-de", "values-ar"), languages.keys)
    }

    @Test
    fun `every text that is asked for is there, with the arguments that it is given`() {
        for ((language, texts) in languages) {
            for (wanted in WantedTexts.all()) {
                val text = texts[wanted.key] ?: throw AssertionError("$language lacks ${wanted.key}")
                assertEquals("$language ${wanted.key} is a plural", wanted.quantity != null, text.plural != null)
                assertEquals("$language ${wanted.key}", kinds(wanted.args), text.placeholders)
            }
        }
    }

    @Test
    fun `every language has the same keys, placeholders and plurals`() {
        for ((language, texts) in languages) {
            assertEquals(language, english.keys, texts.keys)
            for ((key, text) in texts) {
                assertEquals("$language $key", english.getValue(key).placeholders, text.placeholders)
                assertEquals("$language $key", english.getValue(key).plural != null, text.plural != null)
                text.plural?.let { assertEquals("$language $key", QUANTITIES.getValue(language), it) }
            }
        }
    }

    @Test
    fun `what stands on a locked screen takes no arguments`() {
        val redacted = english.filterKeys { it.endsWith("_redacted") }
        assertEquals(4, redacted.size)
        assertTrue(redacted.values.all { it.placeholders.isEmpty() })
    }

    @Test
    fun `no text is left in English, but for what is the same word`() {
        for ((language, texts) in languages - "values") {
            val same = texts.filter { (key, text) -> text.words == english.getValue(key).words }.keys
            assertEquals(language, SAME_WORDS.getValue(language), same)
        }
        assertNotEquals(languages["values-de"], languages["values-ar"])
    }

    private class Words(val words: List<String>, val plural: Set<String>?) {
        /** The placeholders that each of its forms has. */
        val placeholders: List<String> = words.map { word -> PLACEHOLDER.findAll(word).map { it.value }.sorted().toList() }.distinct().let {
            check(it.size == 1) { "its forms differ: $words" }
            it.single()
        }
    }

    private companion object {
        const val FILE = "countersign_texts.xml"
        val folder = File(System.getProperty("countersign.resources"))
        val PLACEHOLDER = Regex("%[0-9]\\$[a-z]")
        val QUANTITIES = mapOf(
            "values" to setOf("one", "other"),
            "values-de" to setOf("one", "other"),
            "values-ar" to setOf("zero", "one", "two", "few", "many", "other"),
        )
        val SAME_WORDS = mapOf(
            "values-de" to setOf("status_offline", "row_action_on", "row_description"),
            "values-ar" to setOf("row_action_on"),
        )

        fun kinds(args: List<Any>) = args.mapIndexed { index, arg -> "%${index + 1}$" + if (arg is Long) "d" else "s" }

        fun texts(file: File): Map<String, Words> {
            val root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).documentElement
            return root.elements().associate { it.getAttribute("name") to words(it) }
        }

        fun words(element: Element): Words {
            if (element.tagName == "string") return Words(listOf(element.textContent), null)
            val items = element.elements()
            return Words(items.map { it.textContent }, items.map { it.getAttribute("quantity") }.toSet())
        }

        fun Element.elements(): List<Element> = List(childNodes.length) { childNodes.item(it) }.filterIsInstance<Element>()
    }
}
