package androidx.test.platform.app

import android.app.Instrumentation
import android.os.Bundle

public object InstrumentationRegistry {
    private var instrumentation: Instrumentation? = null
    private var arguments: Bundle? = null

    @JvmStatic
    public fun registerInstance(instrumentation: Instrumentation?, arguments: Bundle) {
        this.instrumentation = instrumentation
        this.arguments = Bundle(arguments)
    }

    @JvmStatic
    public fun getInstrumentation(): Instrumentation = checkNotNull(instrumentation)

    @JvmStatic
    public fun getArguments(): Bundle = Bundle(checkNotNull(arguments))
}
