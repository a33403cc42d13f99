package org.countersign.sample

import org.junit.Assert.assertEquals
import org.junit.Test
import org.w3c.dom.Element
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory

/** The texts as they stand in the files. */
internal class TextsTest {
    private val languages = File(System.getProperty("countersign.resources")).listFiles().orEmpty()
        .filter { it.resolve(FILE).exists() }
        .associate { it.name to texts(it.resolve(FILE)) }
    private val english = languages.getValue("values")

    @Test
    fun `there are three languages, with the same keys and placeholders`() {
        assertEquals(setOf("values", "values-de", "values-ar"), languages.keys)
        for ((language, texts) in languages) {
            assertEquals(language, english.keys, texts.keys)
            for ((key, text) in texts) assertEquals("$language $key", placeholders(english.getValue(key)), placeholders(text))
        }
    }

    @Test
    fun `no text is left in English`() {
        for ((language, texts) in languages - "values") {
            val same = texts.filter { (key, text) -> text == english.getValue(key) }.keys
            assertEquals(language, setOf("wallet_session"), same)
        }
    }

    private companion object {
        const val FILE = "sample_texts.xml"
        val PLACEHOLDER = Regex("%[0-9]\\$[a-z]")

        fun placeholders(text: String) = PLACEHOLDER.findAll(text).map { it.value }.sorted().toList()

        fun texts(file: File): Map<String, String> {
            val root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).documentElement
            val elements = List(root.childNodes.length) { root.childNodes.item(it) }.filterIsInstance<Element>()
            return elements.associate { it.getAttribute("name") to it.textContent }
        }
    }
}
