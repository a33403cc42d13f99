package androidx.test.runner.intent

import android.app.Instrumentation
import android.content.Intent

public interface IntentCallback {
    public fun onIntentSent(intent: Intent)
}

public interface IntentMonitor {
    public fun addIntentCallback(callback: IntentCallback)

    public fun removeIntentCallback(callback: IntentCallback)
}

public object IntentMonitorRegistry {
    private var instance: IntentMonitor? = null

    @JvmStatic
    public fun getInstance(): IntentMonitor = checkNotNull(instance)

    @JvmStatic
    public fun registerInstance(monitor: IntentMonitor) {
        instance = monitor
    }
}

public interface IntentStubber {
    public fun getActivityResultForIntent(intent: Intent): Instrumentation.ActivityResult?
}

public object IntentStubberRegistry {
    private var instance: IntentStubber? = null

    @JvmStatic
    public fun load(stubber: IntentStubber) {
        instance = stubber
    }

    @JvmStatic
    public fun isLoaded(): Boolean = instance != null

    @JvmStatic
    public fun getInstance(): IntentStubber = checkNotNull(instance)

    @JvmStatic
    public fun reset() {
        instance = null
    }
}
