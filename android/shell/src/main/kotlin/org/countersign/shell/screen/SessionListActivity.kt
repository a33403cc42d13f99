package org.countersign.shell.screen

import android.os.Bundle
import org.countersign.session.CoSigner
import org.countersign.session.RunReasons
import org.countersign.session.Screen

/** Shows what is to be signed, and what stands in the way. */
public class SessionListActivity : CoreActivity() {
    private val list by lazy { SessionListView(this, core.resources, this) }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(list)
    }

    override suspend fun show(coSigner: CoSigner, screen: Screen) {
        val connectivity = coSigner.node.status().connectivity
        list.show(screen, RunReasons.of(connectivity, core.permissions.facts()))
    }

    override fun say(fault: Exception?): Unit = list.say(fault?.let { getString(org.countersign.shell.R.string.screen_refused) })
}
