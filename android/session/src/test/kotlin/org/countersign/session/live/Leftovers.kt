package org.countersign.session.live

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readText

/** What a closed co-signer must not leave behind in this process. */
internal object Leftovers {
    /** Names of the core's threads. */
    fun threads(): List<String> = Path.of("/proc/self/task").listDirectoryEntries()
        .mapNotNull { task -> runCatching { task.resolve("comm").readText().trim() }.getOrNull() }
        .filter { it.startsWith("countersign") }

    /** What is open of a folder, of the network, or as a timer or queue of events. */
    fun descriptors(folder: Path): List<String> = Path.of("/proc/self/fd").listDirectoryEntries()
        .mapNotNull { fd -> runCatching { Files.readSymbolicLink(fd).toString() }.getOrNull() }
        .filter { it.startsWith(folder.toString()) || it.startsWith("socket:") || it.startsWith("anon_inode:") }
}
