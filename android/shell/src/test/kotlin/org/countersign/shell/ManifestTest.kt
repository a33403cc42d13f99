package org.countersign.shell

import android.content.pm.ApplicationInfo
import android.content.pm.PackageManager
import android.content.pm.ServiceInfo
import org.countersign.shell.screen.SessionActivity
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** The manifest as the system reads it once it is compiled. */
internal class ManifestTest : AndroidTest() {
    private val parts = PackageManager.GET_PERMISSIONS or PackageManager.GET_ACTIVITIES or PackageManager.GET_RECEIVERS or PackageManager.GET_SERVICES
    private val info get() = app.packageManager.getPackageInfo(app.packageName, parts)

    @Test
    fun `it asks for what it needs, and for nothing that only alarm clocks or calls may have`() {
        val asked = info.requestedPermissions.orEmpty().map { it.substringAfterLast('.') }.toSet()
        val wanted = setOf(
            "INTERNET", "ACCESS_NETWORK_STATE", "CHANGE_WIFI_MULTICAST_STATE", "POST_NOTIFICATIONS", "POST_PROMOTED_NOTIFICATIONS",
            "SCHEDULE_EXACT_ALARM", "RECEIVE_BOOT_COMPLETED", "FOREGROUND_SERVICE", "USE_BIOMETRIC",
        )
        assertEquals(wanted, asked)
    }

    @Test
    fun `nothing of it is backed up`() {
        assertEquals(0, app.applicationInfo.flags and ApplicationInfo.FLAG_ALLOW_BACKUP)
    }

    @Test
    fun `nobody else can start any of it`() {
        val components = info.activities.orEmpty().toList() + info.receivers.orEmpty() + info.services.orEmpty()
        assertEquals(6, components.size)
        components.forEach { assertFalse(it.name, it.exported) }
        val job = info.services.orEmpty().single { it.name == SyncJobService::class.java.name }
        assertEquals("android.permission.BIND_JOB_SERVICE", job.permission)
    }

    @Test
    fun `the only service in the foreground is a short one`() {
        val types = info.services.orEmpty().associate { it.name to it.foregroundServiceType }
        val expected = mapOf(
            SyncJobService::class.java.name to 0,
            SigningForegroundService::class.java.name to ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE,
        )
        assertEquals(expected, types)
    }

    @Test
    fun `it is for Android from 8 on, made for 16, and reads from right to left, too`() {
        assertEquals(26, app.applicationInfo.minSdkVersion)
        assertEquals(36, app.applicationInfo.targetSdkVersion)
        assertTrue(app.applicationInfo.flags and ApplicationInfo.FLAG_SUPPORTS_RTL != 0)
        assertTrue(info.activities.orEmpty().any { it.name == SessionActivity::class.java.name })
    }
}
