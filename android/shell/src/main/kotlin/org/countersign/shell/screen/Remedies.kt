package org.countersign.shell.screen

import android.Manifest
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Build
import android.provider.Settings
import org.countersign.session.Remedy

/** Leads the user to where something can be allowed. */
internal class Remedies(private val activity: Activity) {
    /** Opens what a remedy needs; not every phone has every page. */
    fun open(remedy: Remedy) = when (remedy) {
        Remedy.OPEN_NETWORK_SETTINGS -> start(Intent(Settings.ACTION_WIRELESS_SETTINGS))
        Remedy.OPEN_APP_SETTINGS -> start(ofApp(Settings.ACTION_APPLICATION_DETAILS_SETTINGS))
        Remedy.OPEN_BATTERY_SETTINGS -> start(Intent(Settings.ACTION_BATTERY_SAVER_SETTINGS))
        Remedy.ALLOW_NOTIFICATIONS -> allowNotifications()
        Remedy.ALLOW_EXACT_ALARMS -> allowExactAlarms()
        // These need no page.
        Remedy.ISSUE_CARD, Remedy.INVITE, Remedy.CONNECT -> Unit
    }

    /** Where the wall clock is set. */
    fun setClock() = start(Intent(Settings.ACTION_DATE_SETTINGS))

    /** Lets the user send words by another app. */
    fun share(words: String) =
        start(Intent.createChooser(Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, words), null))

    /** The system asks once or twice; then only its settings do. */
    fun answered(results: IntArray) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU || results.firstOrNull() != PackageManager.PERMISSION_DENIED) return
        if (!activity.shouldShowRequestPermissionRationale(Manifest.permission.POST_NOTIFICATIONS)) openNotificationSettings()
    }

    private fun allowNotifications() {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) return openNotificationSettings()
        val denied = activity.checkSelfPermission(Manifest.permission.POST_NOTIFICATIONS) == PackageManager.PERMISSION_DENIED
        if (denied) activity.requestPermissions(arrayOf(Manifest.permission.POST_NOTIFICATIONS), 0) else openNotificationSettings()
    }

    private fun openNotificationSettings() =
        start(Intent(Settings.ACTION_APP_NOTIFICATION_SETTINGS).putExtra(Settings.EXTRA_APP_PACKAGE, activity.packageName))

    private fun allowExactAlarms() {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) start(ofApp(Settings.ACTION_REQUEST_SCHEDULE_EXACT_ALARM))
    }

    private fun ofApp(action: String) = Intent(action, Uri.fromParts("package", activity.packageName, null))

    private fun start(intent: Intent) {
        try {
            activity.startActivity(intent)
        } catch (_: ActivityNotFoundException) {
            // Then there is nothing to be allowed there.
        }
    }
}
