package org.countersign.shell

import android.app.Activity
import android.app.Application.ActivityLifecycleCallbacks
import android.os.Bundle
import java.lang.ref.WeakReference
import java.util.Collections
import java.util.WeakHashMap

/** Knows whether the user sees the app, or a service finishes what the user has begun. */
internal class Attention(private val changed: () -> Unit) : ActivityLifecycleCallbacks {
    private val holders = Collections.synchronizedMap(WeakHashMap<Any, Unit>())

    @Volatile
    private var top = WeakReference<Activity>(null)

    /** The activity that the user sees, if one is seen. */
    val activity: Activity? get() = top.get()

    /** Whether anybody pays it. */
    fun isPaid(): Boolean = holders.isNotEmpty()

    /** Tells whether it is paid, to one after the other: what was seen first is not told last. */
    @Synchronized
    fun tell(hear: (Boolean) -> Unit): Unit = hear(isPaid())

    /** Pays it, until [release]. */
    fun hold(holder: Any) {
        holders[holder] = Unit
        changed()
    }

    /** Pays it no more. */
    fun release(holder: Any) {
        if (holders.remove(holder) != null) changed()
    }

    override fun onActivityStarted(activity: Activity) {
        top = WeakReference(activity)
        hold(activity)
    }

    override fun onActivityStopped(activity: Activity) {
        if (top.get() === activity) top = WeakReference(null)
        release(activity)
    }

    override fun onActivityResumed(activity: Activity) {
        top = WeakReference(activity)
    }

    override fun onActivityCreated(activity: Activity, savedInstanceState: Bundle?): Unit = Unit

    override fun onActivityPaused(activity: Activity): Unit = Unit

    override fun onActivitySaveInstanceState(activity: Activity, outState: Bundle): Unit = Unit

    override fun onActivityDestroyed(activity: Activity): Unit = release(activity)
}
