package org.countersign.sample

import org.countersign.shell.CoreSettings
import org.countersign.shell.TestVault
import org.robolectric.shadows.ShadowLog

/** The app on this host. */
internal class TestSampleApp : SampleApp() {
    val vault = TestVault(1)

    override fun settings() = CoreSettings(vault = vault, listen = listOf("/ip4/127.0.0.1/tcp/0"), nearby = false)

    override fun onCreate() {
        ShadowLog.stream = null
        super.onCreate()
    }
}
