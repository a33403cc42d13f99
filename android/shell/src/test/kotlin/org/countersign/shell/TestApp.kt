package org.countersign.shell

import android.app.Application
import org.robolectric.shadows.ShadowLog

/** An app that opens its core when a test says so: [begin] is a start of the process. */
internal class TestApp : Application(), CoreOwner {
    val faults = java.util.concurrent.CopyOnWriteArrayList<Exception>()
    val vault = TestVault(1)
    override lateinit var core: CoreHolder

    override fun onCreate() {
        super.onCreate()
        ShadowLog.stream = null
        core = holder()
    }

    /** Begins as a new process does. */
    fun begin() {
        core = holder()
        core.start()
    }

    private fun holder() = CoreHolder(
        this,
        CoreSettings(vault = vault, listen = listOf("/ip4/127.0.0.1/tcp/0"), nearby = false, report = { faults += it }),
    )
}
