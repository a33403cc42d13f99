package org.countersign.session.live

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path

internal class LivesTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `of many lives no thread and no descriptor is left`(): Unit = runBlocking {
        suspend fun live() = Phone.open(folder, 1).coSigner.close()
        live()
        Phone.until { Leftovers.threads().isEmpty() }
        val before = Leftovers.descriptors(folder).size
        repeat(System.getenv("LIVES")?.toInt() ?: 10_000) { live() }
        Phone.until { Leftovers.threads().isEmpty() && Leftovers.descriptors(folder).size <= before }
        assertEquals(emptyList<String>(), Leftovers.threads())
    }
}
