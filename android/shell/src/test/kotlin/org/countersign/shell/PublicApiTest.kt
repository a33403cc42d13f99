package org.countersign.shell

import org.codehaus.mojo.animal_sniffer.SignatureChecker
import org.codehaus.mojo.animal_sniffer.logging.Logger
import org.countersign.Node
import org.countersign.session.CoSigner
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File
import kotlin.reflect.KClass

/** Robolectric's framework has what is hidden, too: what is compiled against it may be none of an app's business. */
internal class PublicApiTest {
    private val newer = checkNotNull(javaClass.getResourceAsStream("/newer-api.txt")).reader().readLines().associate { line ->
        line.substringAfter(' ') to line.substringBefore(' ').toInt()
    }

    @Test
    fun `whatever is not public in the oldest Android is listed, with the Android that has it`() {
        val used = listOf(CoreHolder::class, CoSigner::class, Node::class).flatMap { unknown(of(it)) }.toSet()
        assertEquals("not listed", emptySet<String>(), used - newer.keys)
        assertEquals("not used", emptySet<String>(), newer.keys - used)
    }

    @Test
    fun `the list names no Android that is older than the first, or newer than the last`() {
        assertTrue("${newer.values}", newer.values.all { it in OLDEST + 1..NEWEST })
    }

    private fun of(type: KClass<*>) = File(type.java.protectionDomain.codeSource.location.toURI())

    /** Returns what classes use that is neither public in the oldest Android nor their own. */
    private fun unknown(classes: File): List<String> {
        val faults = Faults()
        val others = setOf("org.countersign.*", "kotlin.*", "kotlinx.*", "com.sun.jna.*")
        val checker = File(System.getProperty("countersign.public-api")).inputStream().use { SignatureChecker(it, others, faults) }
        checker.setSourcePath(emptyList())
        checker.process(classes)
        return faults.found
    }

    private class Faults : Logger {
        val found = mutableListOf<String>()

        /** Leaves of `file:line: Undefined reference: type name(types)` the last, or of that of a class its name. */
        override fun error(message: String) {
            val reference = message.substringAfter("Undefined reference: ")
            found += if ('(' in reference) reference.substringAfter(' ') else reference
        }

        override fun error(message: String, fault: Throwable) = throw fault

        override fun warn(message: String) = error(message)

        override fun warn(message: String, fault: Throwable) = throw fault

        override fun info(message: String) = Unit

        override fun info(message: String, fault: Throwable) = Unit

        override fun debug(message: String) = Unit

        override fun debug(message: String, fault: Throwable) = Unit
    }

    private companion object {
        const val OLDEST = 26
        const val NEWEST = 36
    }
}
