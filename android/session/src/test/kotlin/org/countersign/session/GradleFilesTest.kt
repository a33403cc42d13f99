package org.countersign.session

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

/** Nobody builds with Gradle here: what its files say is held against what Maven's files say, which are built with. */
internal class GradleFilesTest {
    private val android = File("..").canonicalFile
    private val catalogue = android.resolve("gradle/libs.versions.toml").readText()
    private val settings = android.resolve("settings.gradle.kts").readText()
    private val pom = android.resolve("pom.xml").readText()
    private val modules = all("<module>(.+)</module>", pom)
    private val versions = Regex("""^([\w-]+) = "(.+)"$""", RegexOption.MULTILINE).findAll(section("versions"))
        .associate { it.groupValues[1] to it.groupValues[2] }

    private fun all(pattern: String, text: String) = Regex(pattern).findAll(text).map { it.groupValues[1] }.toList()

    private fun section(name: String) = catalogue.substringAfter("[$name]\n").substringBefore("\n[")

    private fun names(section: String) = all("(?m)^([\\w-]+) = ", section(section)).map { it.replace('-', '.') }.toSet()

    private fun build(module: String) = android.resolve("$module/build.gradle.kts").readText()

    @Test
    fun `both build the same modules`() {
        assertEquals(modules, all("""include\(":(.+)"\)""", settings))
        modules.forEach { assertTrue(build(it).startsWith("import ") || build(it).startsWith("plugins {"), it) }
    }

    @Test
    fun `both take the same versions`() {
        val poms = (listOf(pom) + modules.map { android.resolve("$it/pom.xml").readText() }).joinToString("\n")
        val shared = versions.keys.filterNot { it.startsWith("android-") || it == "java" }
        assertEquals(shared.associateWith(versions::get), shared.associateWith { all("<$it\\.version>(.+)</", poms).singleOrNull() })
        assertEquals(versions["java"], all("<maven\\.compiler\\.release>(.+)</", pom).single())
    }

    @Test
    fun `both are for the same Androids`() {
        val script = android.resolve("shell/link-resources.sh").readText()
        assertEquals(versions["android-min"], all("""minSdkVersion=\\"(\d+)\\"""", script).single())
        assertEquals(versions["android-compile"], all("""targetSdkVersion=\\"(\d+)\\"""", script).single())
    }

    @Test
    fun `both publish under the same name`() {
        val properties = android.resolve("gradle.properties").readLines().associate { it.substringBefore('=') to it.substringAfter('=') }
        val parent = pom.substringBefore("<packaging>")
        assertEquals(all("<groupId>(.+)</", parent).single(), properties["group"])
        assertEquals(all("<version>(.+)</", parent).single(), properties["version"])
    }

    @Test
    fun `what a build file takes from the catalogue is in there`() {
        val used = (listOf(android.resolve("build.gradle.kts").readText()) + modules.map(::build)).flatMap { all("""\blibs\.([\w.]+)""", it) }
        val known = names("libraries") + names("plugins").map { "plugins.$it" } + names("versions").map { "versions.$it" }
        assertEquals(emptyList<String>(), used.map { it.removeSuffix(".get").removeSuffix(".map") }.filterNot(known::contains))
        val referred = all("""version\.ref = "(.+?)"""", catalogue)
        assertEquals(emptyList<String>(), referred.filterNot(versions::contains))
    }

    @Test
    fun `what JNA finds by name keeps its name`() {
        val rules = android.resolve("shell/consumer-rules.pro").readLines()
        val reflecting = File(System.getProperty("countersign.bindings"), "kotlin").walk().filter { it.extension == "kt" }
            .map { it.readText() }.filter { "com.sun.jna" in it }.map { all("(?m)^package ([\\w.]+)", it).single() }.toSet()
        assertEquals(setOf("org.countersign"), reflecting)
        val natives = reflecting.map { "-keepclasseswithmembers class $it.** { native <methods>; }" }
        val jna = listOf("class com.sun.jna.**", "class * extends com.sun.jna.**", "class * implements com.sun.jna.**").map { "-keep $it { *; }" }
        assertEquals(emptyList<String>(), (natives + jna).filterNot(rules::contains))
    }
}
