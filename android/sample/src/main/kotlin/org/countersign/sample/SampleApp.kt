package org.countersign.sample

import android.app.Application
import org.countersign.shell.CoreHolder
import org.countersign.shell.CoreOwner
import org.countersign.shell.CoreSettings

/** An app in which co-signers sign 32 bytes together. */
open class SampleApp : Application(), CoreOwner {
    override val core: CoreHolder by lazy { CoreHolder(this, settings()) }

    /** What the app decides: it has no relay of its own. */
    protected open fun settings(): CoreSettings = CoreSettings()

    override fun onCreate() {
        super.onCreate()
        core.start()
    }
}
