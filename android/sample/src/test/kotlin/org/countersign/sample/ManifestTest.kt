package org.countersign.sample

import android.content.Intent
import android.content.pm.ApplicationInfo
import android.content.pm.ComponentInfo
import android.content.pm.PackageManager
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.w3c.dom.Element
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory

/** The manifest as the system reads it: the app's own, joined by the shell's. */
internal class ManifestTest : SampleTest() {
    private val parts = PackageManager.GET_PERMISSIONS or PackageManager.GET_ACTIVITIES or PackageManager.GET_RECEIVERS or PackageManager.GET_SERVICES
    private val info get() = app.packageManager.getPackageInfo("org.countersign.sample", parts)
    private val components: List<ComponentInfo> get() = info.activities.orEmpty().toList() + info.receivers.orEmpty() + info.services.orEmpty()

    @Test
    fun `it has all of the shell, and asks for nothing more`() {
        val shell = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(File(System.getProperty("countersign.shell"), "AndroidManifest.xml"))
        fun names(vararg tags: String) = tags.flatMap { tag ->
            val found = shell.getElementsByTagName(tag)
            List(found.length) { (found.item(it) as Element).getAttribute("android:name") }
        }.toSet()
        assertEquals(names("uses-permission"), info.requestedPermissions.orEmpty().toSet())
        val foreign = components.map { it.name }.filterNot { it.startsWith("org.countersign.sample.") }.toSet()
        assertEquals(names("activity", "receiver", "service"), foreign)
        assertEquals(6, foreign.size)
    }

    @Test
    fun `others can open the app and send it a card, and nothing else`() {
        val exported = components.filter { it.exported }.map { it.name }.toSet()
        assertEquals(setOf(IdentityActivity::class.java.name, AddCardActivity::class.java.name), exported)
        val launcher = app.packageManager.getLaunchIntentForPackage(app.packageName)
        assertEquals(IdentityActivity::class.java.name, launcher?.component?.className)
        val link = Intent(Intent.ACTION_VIEW, android.net.Uri.parse("https:A"))
        assertTrue(app.packageManager.queryIntentActivities(link, 0).none { it.activityInfo.packageName == app.packageName })
    }

    @Test
    fun `nothing is backed up, it reads from right to left, and has a face`() {
        assertEquals(0, app.applicationInfo.flags and ApplicationInfo.FLAG_ALLOW_BACKUP)
        assertTrue(app.applicationInfo.flags and ApplicationInfo.FLAG_SUPPORTS_RTL != 0)
        assertEquals(listOf(26, 36), listOf(app.applicationInfo.minSdkVersion, app.applicationInfo.targetSdkVersion))
        assertNotNull(app.getDrawable(app.applicationInfo.icon))
        assertEquals("Countersign sample", app.packageManager.getApplicationLabel(app.applicationInfo))
    }
}
