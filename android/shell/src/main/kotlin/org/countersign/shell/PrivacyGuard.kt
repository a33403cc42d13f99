package org.countersign.shell

import android.app.Activity
import android.os.Build
import android.view.View
import android.view.WindowManager

/** Keeps what is signed from other eyes and other apps. */
public object PrivacyGuard {
    /** Lets a screen be neither recorded nor shown among the recent apps. */
    public fun cover(activity: Activity) {
        activity.window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) activity.setRecentsScreenshotEnabled(false)
    }

    /** Lets a button not be touched through something that lies over it. */
    public fun guard(button: View) {
        button.filterTouchesWhenObscured = true
    }
}
