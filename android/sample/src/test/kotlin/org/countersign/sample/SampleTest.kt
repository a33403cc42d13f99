package org.countersign.sample

import android.app.Activity
import android.content.Intent
import android.net.ConnectivityManager
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import kotlinx.coroutines.runBlocking
import org.countersign.Node
import org.countersign.session.CoSigner
import org.countersign.shell.Opening
import org.countersign.shell.Peer
import org.junit.After
import org.junit.Assert.assertTrue
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowLooper
import org.robolectric.shadows.ShadowNetwork
import java.util.concurrent.TimeUnit
import org.countersign.shell.until as waitUntil

/** What tests on a simulated Android share: screens are opened, filled in and touched as a user does it. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [Config.ALL_SDKS], application = TestSampleApp::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
internal abstract class SampleTest {
    val app: TestSampleApp get() = RuntimeEnvironment.getApplication() as TestSampleApp
    val coSigner: CoSigner get() = (app.core.opening.value as Opening.Open).coSigner
    val node: Node get() = coSigner.node

    private val peers = mutableListOf<Peer>()
    private val opened = mutableListOf<ActivityController<*>>()

    @After
    fun leave(): Unit = runBlocking {
        opened.asReversed().forEach { it.close() }
        app.core.close()
        peers.forEach { it.close() }
    }

    /** Waits until something holds; the phone's clock runs meanwhile. */
    fun until(what: String, holds: suspend () -> Boolean) = waitUntil(what) {
        ShadowLooper.idleMainLooper(10, TimeUnit.MILLISECONDS)
        holds()
    }

    /** Opens the app as its icon does, and waits until the core runs. */
    fun launch(): ActivityController<IdentityActivity> {
        val home = open(IdentityActivity::class.java)
        until("the core is open") { app.core.opening.value is Opening.Open }
        shadowOf(app.getSystemService(ConnectivityManager::class.java)).networkCallbacks.forEach { it.onAvailable(ShadowNetwork.newInstance(1)) }
        until("it listens") { node.listening().isNotEmpty() }
        return home
    }

    /** Opens the app, and lets the user be called this. */
    fun launch(nickname: String): ActivityController<IdentityActivity> {
        val home = launch()
        until("it asks for a nickname") { home.get().sees(R.id.first) }
        home.get().write(R.id.nickname, nickname)
        home.get().touch(R.id.issue)
        until("our card") { home.get().sees(R.id.home) }
        return home
    }

    /** Opens a screen. */
    fun <A : Activity> open(screen: Class<A>, intent: Intent = Intent(app, screen)): ActivityController<A> =
        Robolectric.buildActivity(screen, intent).also { opened += it }.setup()

    /** Opens the screen that another has asked for. */
    fun <A : Activity> follow(from: Activity, screen: Class<A>): ActivityController<A> {
        lateinit var intent: Intent
        until("it leads to ${screen.simpleName}") {
            val next = shadowOf(from).nextStartedActivity?.also { intent = it }
            next?.component?.className == screen.name
        }
        return open(screen, intent)
    }

    /** A co-signer elsewhere. */
    fun peer(): Peer = runBlocking { Peer.open(app.cacheDir) }.also { peers += it }

    fun Activity.see(id: Int): String = findViewById<TextView>(id).text.toString()

    fun Activity.sees(id: Int): Boolean = findViewById<View>(id).isShown

    fun Activity.write(id: Int, words: String): Unit = findViewById<TextView>(id).setText(words)

    /** Touches what can be touched. */
    fun Activity.touch(id: Int) = touch(findViewById<View>(id))

    fun touch(view: View) {
        assertTrue("$view can be touched", view.isShown && view.isEnabled)
        view.performClick()
    }

    /** Returns what stands in a list. */
    fun Activity.list(id: Int): List<View> = findViewById<ViewGroup>(id).let { list -> List(list.childCount, list::getChildAt) }
}
