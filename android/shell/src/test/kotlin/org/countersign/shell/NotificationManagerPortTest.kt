package org.countersign.shell

import android.app.Notification
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Intent
import android.os.Build
import kotlinx.coroutines.runBlocking
import org.countersign.Due
import org.countersign.PlannedNotification
import org.countersign.session.Content
import org.countersign.session.Held
import org.countersign.session.Operation
import org.countersign.shell.screen.SessionActivity
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf

internal class NotificationManagerPortTest : AndroidTest() {
    private val port by lazy { app.core.notifications }

    private fun show(item: PlannedNotification): Notification {
        runBlocking { port.apply(Operation.Show(item)) }
        return checkNotNull(notifications.getNotification(item.slot, NotificationManagerPort.ID))
    }

    private fun Notification.text(of: String) = extras.getCharSequence(of)?.toString()

    private fun saved(intent: PendingIntent): Intent = shadowOf(intent).savedIntent

    @Test
    fun `a request says who asks, and on a locked screen nothing of that`() {
        val shown = show(Planned.request)
        assertEquals("Signing Request", shown.text(Notification.EXTRA_TITLE))
        assertEquals("\u2068Ada\u2069 is requesting your signature", shown.text(Notification.EXTRA_TEXT))
        assertEquals(Notification.VISIBILITY_PRIVATE, shown.visibility)
        assertEquals("New signing request received", shown.publicVersion.text(Notification.EXTRA_TEXT))
        assertFalse(shown.publicVersion.extras.toString().contains("Ada"))
        assertTrue(shown.publicVersion.actions.isNullOrEmpty())
    }

    @Test
    fun `View is an immutable intent to a screen, and another one for each session`() {
        val shown = show(Planned.request)
        val view = shown.actions[0].actionIntent
        assertEquals("View", shown.actions[0].title)
        for (intent in listOf(view, shown.contentIntent)) {
            assertTrue(intent.isActivity && intent.isImmutable)
            assertEquals(SessionActivity::class.java.name, saved(intent).component?.className)
            assertEquals("countersign://session/${Planned.SESSION}", saved(intent).dataString)
        }
        val other = Planned.request.copy(link = Planned.request.link.copy(session = "bb".repeat(32)), slot = "other")
        assertNotEquals(view, show(other).actions[0].actionIntent)
    }

    @Test
    fun `Dismiss and a swipe are the same immutable broadcast`() {
        val shown = show(Planned.request)
        assertEquals("Dismiss", shown.actions[1].title)
        assertEquals(shown.deleteIntent, shown.actions[1].actionIntent)
        assertTrue(shown.deleteIntent.isBroadcast && shown.deleteIntent.isImmutable)
        assertEquals(NotificationActionReceiver::class.java.name, saved(shown.deleteIntent).component?.className)
    }

    @Test
    fun `the system draws the countdown, and takes the notification away`() {
        val shown = show(Planned.request)
        assertTrue(shown.extras.getBoolean(Notification.EXTRA_SHOW_CHRONOMETER))
        assertTrue(shown.extras.getBoolean(Notification.EXTRA_CHRONOMETER_COUNT_DOWN))
        assertEquals(Planned.NOW + 240_000, shown.`when`)
        assertEquals(240_000, shown.timeoutAfter)
        val expired = show(Planned.expired)
        assertFalse(expired.extras.getBoolean(Notification.EXTRA_SHOW_CHRONOMETER))
        assertEquals(0, expired.timeoutAfter)
    }

    @Test
    fun `a warning takes the place of what was there, and sounds again`() {
        show(Planned.ongoing)
        val warning = show(Planned.warning)
        assertEquals(1, notifications.size())
        assertEquals("countersign.expiry", warning.channelId)
        assertEquals("Signing session expires in 2 minutes", warning.text(Notification.EXTRA_TEXT))
        assertEquals(0, warning.flags and Notification.FLAG_ONLY_ALERT_ONCE)
        val updated = show(Planned.warning.copy(due = Due.SHOWN))
        assertNotEquals(0, updated.flags and Notification.FLAG_ONLY_ALERT_ONCE)
    }

    @Test
    fun `a session that goes on shows a part for each who has to sign, and can connect`() {
        val shown = show(Planned.ongoing)
        assertEquals("1 of 3 has signed", shown.text(Notification.EXTRA_TEXT))
        assertNotEquals(0, shown.flags and Notification.FLAG_ONGOING_EVENT)
        assertEquals(listOf("View", "Dismiss", "Connect"), shown.actions.map { it.title.toString() })
        assertTrue(shown.actions[2].actionIntent.isBroadcast && shown.actions[2].actionIntent.isImmutable)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.BAKLAVA) {
            assertEquals(Notification.ProgressStyle::class.java.name, shown.extras.getString(Notification.EXTRA_TEMPLATE))
            assertTrue(shown.extras.getBoolean("android.requestPromotedOngoing"))
            assertEquals(1, shown.extras.getInt(Notification.EXTRA_PROGRESS))
        } else {
            assertEquals(3, shown.extras.getInt(Notification.EXTRA_PROGRESS_MAX))
            assertEquals(1, shown.extras.getInt(Notification.EXTRA_PROGRESS))
        }
    }

    @Test
    fun `what is on the screen is read back`() {
        show(Planned.request)
        assertEquals(Held(shown = mapOf(Planned.request.slot to Content(Planned.request.key, 7u))), runBlocking { port.held() })
        port.outdate()
        assertNotEquals(7uL, runBlocking { port.held() }.shown.getValue(Planned.request.slot).contentHash)
        show(Planned.request)
        assertEquals(7uL, runBlocking { port.held() }.shown.getValue(Planned.request.slot).contentHash)
        runBlocking { port.apply(Operation.TakeAway(Planned.request.slot)) }
        assertEquals(Held(), runBlocking { port.held() })
    }

    @Test
    fun `other notifications of the app are left alone`() {
        notificationManager.notify("tag", 9, Notification.Builder(app, "countersign.requests").setSmallIcon(R.drawable.countersign_sign).build())
        assertEquals(Held(), runBlocking { port.held() })
    }

    @Test
    fun `who allows no notifications gets none, and the plan hears of it`() {
        notifications.setNotificationsEnabled(false)
        assertThrows(NotificationsDenied::class.java) { show(Planned.request) }
        assertEquals(0, notifications.size())
    }

    @Test
    fun `each kind has a channel that the user can turn off`() {
        val importances = notificationManager.notificationChannels.associate { it.id to it.importance }
        val expected = mapOf(
            "countersign.requests" to NotificationManager.IMPORTANCE_HIGH,
            "countersign.expiry" to NotificationManager.IMPORTANCE_HIGH,
            "countersign.progress" to NotificationManager.IMPORTANCE_LOW,
            "countersign.service" to NotificationManager.IMPORTANCE_LOW,
        )
        assertEquals(expected, importances)
    }
}
