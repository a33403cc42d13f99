package org.countersign.sample

import android.widget.Button
import android.widget.TextView
import org.countersign.NodeException
import org.countersign.shell.screen.CoreActivity
import org.countersign.shell.R as ShellR

/** What the screens of this app share: a line for what went wrong, and buttons that work once at a time. */
abstract class SampleActivity : CoreActivity() {
    /** What the core's refusal of what the user wrote means here. */
    protected open val invalid: Int = ShellR.string.screen_refused

    override fun say(fault: Exception?): Unit = complain(
        when (fault) {
            null -> null
            is NodeException.Invalid -> getString(invalid)
            is NodeException.Vault -> getString(R.string.fault_vault)
            else -> getString(ShellR.string.screen_refused)
        },
    )

    /** Says what is wrong, or `null`: that nothing is. */
    protected fun complain(words: String?): Unit = findViewById<TextView>(R.id.fault).say(words)

    /** Does something for a button, which cannot be touched again before it is done, nor after that on a screen that goes. */
    protected fun once(button: Button, work: suspend () -> Unit) {
        button.isEnabled = false
        attempt {
            try {
                work()
            } finally {
                button.isEnabled = !isFinishing
            }
        }
    }
}
