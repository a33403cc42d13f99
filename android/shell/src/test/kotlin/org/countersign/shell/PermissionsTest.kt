package org.countersign.shell

import android.app.ActivityManager
import android.os.PowerManager
import org.countersign.session.PlatformFacts
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowAlarmManager

internal class PermissionsTest : AndroidTest() {
    private fun facts() = app.core.permissions.facts()

    @Test
    fun `nothing stands in the way`() {
        assertEquals(PlatformFacts(notifications = true, background = true, exactAlarms = true, batterySaver = false), facts())
    }

    @Test
    fun `notifications are denied`() {
        notifications.setNotificationsEnabled(false)
        assertFalse(facts().notifications)
    }

    @Test
    fun `exact alarms are denied`() {
        ShadowAlarmManager.setCanScheduleExactAlarms(false)
        assertFalse(facts().exactAlarms)
    }

    @Test
    fun `the battery is saved`() {
        shadowOf(app.service<PowerManager>()).setIsPowerSaveMode(true)
        assertEquals(true, facts().batterySaver)
    }

    @Test
    fun `the app may not run in the background`() {
        shadowOf(app.service<ActivityManager>()).setBackgroundRestricted(true)
        assertFalse(facts().background)
    }
}
