package androidx.test.runner.lifecycle

import android.app.Activity
import android.app.Application

public enum class Stage {
    PRE_ON_CREATE,
    CREATED,
    STARTED,
    RESUMED,
    PAUSED,
    STOPPED,
    RESTARTED,
    DESTROYED,
}

public enum class ApplicationStage {
    PRE_ON_CREATE,
    CREATED,
}

public interface ActivityLifecycleCallback {
    public fun onActivityLifecycleChanged(activity: Activity, stage: Stage)
}

public interface ActivityLifecycleMonitor {
    public fun addLifecycleCallback(callback: ActivityLifecycleCallback)

    public fun removeLifecycleCallback(callback: ActivityLifecycleCallback)

    public fun getLifecycleStageOf(activity: Activity): Stage

    public fun getActivitiesInStage(stage: Stage): Collection<Activity>
}

public object ActivityLifecycleMonitorRegistry {
    private var instance: ActivityLifecycleMonitor? = null

    @JvmStatic
    public fun getInstance(): ActivityLifecycleMonitor = checkNotNull(instance)

    @JvmStatic
    public fun registerInstance(monitor: ActivityLifecycleMonitor) {
        instance = monitor
    }
}

public interface ApplicationLifecycleCallback {
    public fun onApplicationLifecycleChanged(application: Application, stage: ApplicationStage)
}

public interface ApplicationLifecycleMonitor {
    public fun addLifecycleCallback(callback: ApplicationLifecycleCallback)

    public fun removeLifecycleCallback(callback: ApplicationLifecycleCallback)
}

public object ApplicationLifecycleMonitorRegistry {
    private var instance: ApplicationLifecycleMonitor? = null

    @JvmStatic
    public fun getInstance(): ApplicationLifecycleMonitor = checkNotNull(instance)

    @JvmStatic
    public fun registerInstance(monitor: ApplicationLifecycleMonitor) {
        instance = monitor
    }
}
