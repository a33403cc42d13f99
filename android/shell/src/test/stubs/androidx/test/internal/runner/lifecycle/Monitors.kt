package androidx.test.internal.runner.lifecycle

import android.app.Activity
import android.app.Application
import androidx.test.runner.lifecycle.ActivityLifecycleCallback
import androidx.test.runner.lifecycle.ActivityLifecycleMonitor
import androidx.test.runner.lifecycle.ApplicationLifecycleCallback
import androidx.test.runner.lifecycle.ApplicationLifecycleMonitor
import androidx.test.runner.lifecycle.ApplicationStage
import androidx.test.runner.lifecycle.Stage
import java.util.WeakHashMap

public class ActivityLifecycleMonitorImpl() : ActivityLifecycleMonitor {
    private val callbacks = mutableListOf<ActivityLifecycleCallback>()
    private val stages = WeakHashMap<Activity, Stage>()

    public constructor(@Suppress("unused") declawThreadCheck: Boolean) : this()

    public fun signalLifecycleChange(stage: Stage, activity: Activity) {
        stages[activity] = stage
        callbacks.toList().forEach { it.onActivityLifecycleChanged(activity, stage) }
    }

    override fun addLifecycleCallback(callback: ActivityLifecycleCallback) {
        callbacks += callback
    }

    override fun removeLifecycleCallback(callback: ActivityLifecycleCallback) {
        callbacks -= callback
    }

    override fun getLifecycleStageOf(activity: Activity): Stage = requireNotNull(stages[activity])

    override fun getActivitiesInStage(stage: Stage): Collection<Activity> = stages.filterValues { it == stage }.keys
}

public class ApplicationLifecycleMonitorImpl : ApplicationLifecycleMonitor {
    private val callbacks = mutableListOf<ApplicationLifecycleCallback>()

    public fun signalLifecycleChange(application: Application, stage: ApplicationStage) {
        callbacks.toList().forEach { it.onApplicationLifecycleChanged(application, stage) }
    }

    override fun addLifecycleCallback(callback: ApplicationLifecycleCallback) {
        callbacks += callback
    }

    override fun removeLifecycleCallback(callback: ApplicationLifecycleCallback) {
        callbacks -= callback
    }
}
