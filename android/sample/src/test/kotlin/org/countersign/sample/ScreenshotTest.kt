package org.countersign.sample

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import android.os.Build
import android.view.View
import android.view.ViewGroup
import kotlinx.coroutines.runBlocking
import org.countersign.Item
import org.countersign.Outcome
import org.countersign.Payload
import org.countersign.Taproot
import org.countersign.WalletId
import org.countersign.shell.Peer
import org.countersign.shell.screen.Contrast
import org.countersign.shell.screen.Palette
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.annotation.Config
import java.io.File

/** Every screen in light, dark, right to left and with large letters: each word can be read, and pictures of them are written if wanted. */
internal class ScreenshotTest : SampleTest() {
    @Test
    @Config(qualifiers = "w360dp-h720dp-xhdpi")
    fun `in light`() = all("light")

    @Test
    @Config(qualifiers = "w360dp-h720dp-night-xhdpi")
    fun `in the dark`() = all("dark")

    @Test
    @Config(qualifiers = "ar-ldrtl-w360dp-h720dp-xhdpi")
    fun `from right to left`() = all("rtl")

    @Test
    @Config(qualifiers = "w360dp-h720dp-xhdpi", fontScale = 2.0f)
    fun `with letters twice as large`() = all("large")

    private fun all(look: String) {
        val home = launch("Grace").get()
        val wallet = signed()
        until("the wallet") { home.list(R.id.wallets).size == 1 }
        // The same card each time.
        home.write(R.id.card, KnownCard.TEXT)
        home.findViewById<QrView>(R.id.qr).show(KnownCard.TEXT)
        shoot("identity", look, home)

        val page = open(WalletActivity::class.java, Screens.wallet(app, wallet)).get()
        until("its sessions") { page.list(R.id.sessions).size == 2 && page.list(R.id.people).size == 2 }
        shoot("wallet", look, page)

        val form = open(ProposeActivity::class.java, Screens.propose(app, wallet)).get()
        form.touch(R.id.text)
        form.write(R.id.value, "Rent for June")
        until("who is there") { form.see(R.id.company) == form.getString(R.string.propose_ready) }
        shoot("propose", look, form)

        shoot("signed", look, signed(page))
        val add = open(AddCardActivity::class.java).get()
        add.write(R.id.text, KnownCard.TEXT)
        shoot("add", look, add)
        Contacts(app).add(Contact(KnownCard.KEY, "Ada"))
        shoot("new", look, open(NewWalletActivity::class.java).get())
    }

    private fun signed(page: Activity): Activity {
        touch(page.list(R.id.sessions).last())
        return follow(page, SignedActivity::class.java).get().also { screen -> until("the signature") { screen.list(R.id.signatures).size == 1 } }
    }

    /** Leaves a signed session and one that is not. */
    private fun signed(): WalletId = runBlocking {
        val ada = peer()
        val cards = listOf(checkNotNull(node.status().card), Peer.card(ada.node, "Ada"))
        val (wallet) = listOf(node, ada.node).map { node -> node.createWallet("Family", cards.map { node.addCard(it) }) }
        until("they are linked") { node.preflight(wallet, null).ready }
        val first = node.propose(wallet, payload("Rent for May"), LASTS_MS)
        until("the peer is asked") { Peer.pending(ada.node.status()) == first }
        ada.node.approve(first)
        until("it is signed") { node.status().sessions.single().outcome is Outcome.Completed }
        node.propose(wallet, payload("New boiler"), LASTS_MS)
        wallet
    }

    private fun payload(text: String) = Payload(listOf(Item(Digest.ofText(text), emptyList(), Taproot.Untweaked)), text)

    private fun shoot(name: String, look: String, screen: Activity) {
        val view = screen.findViewById<ViewGroup>(android.R.id.content).getChildAt(0) as ViewGroup
        // The whole length of it, not only what a phone shows at a time.
        view.measure(exactly(view.width), exactly(view.height))
        view.measure(exactly(view.width), exactly(view.getChildAt(0).measuredHeight.coerceAtLeast(view.height)))
        view.layout(0, 0, view.measuredWidth, view.measuredHeight)
        view.jumpDrawablesToCurrentState()
        val drawn = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(drawn)
        canvas.drawColor(screen.getColor(R.color.countersign_surface))
        view.draw(canvas)
        val contrasts = Contrast.of(view, drawn)
        assertTrue("$name, $look has words: $contrasts", contrasts.size > 3)
        assertTrue("$name, $look: ${contrasts.filterValues { it < LEAST }}", contrasts.values.all { it >= LEAST })
        if (name in PICTURED) write("sample-$name-$look", drawn)
    }

    private fun exactly(size: Int) = View.MeasureSpec.makeMeasureSpec(size, View.MeasureSpec.EXACTLY)

    private fun write(name: String, drawn: Bitmap) {
        val folder = System.getProperty("countersign.screenshots").orEmpty()
        if (folder.isEmpty() || Build.VERSION.SDK_INT != SHOWN) return
        File(folder).mkdirs()
        File(folder, "$name.png").writeBytes(Palette.png(drawn, MEANT.map(app::getColor)))
    }

    private companion object {
        const val LASTS_MS = 3_600_000uL

        /** As the guidelines for web content want it (WCAG 2, AA). */
        const val LEAST = 4.5

        /** Those that the documentation shows. */
        val PICTURED = setOf("identity", "wallet", "propose")

        /** One Android is enough to be looked at. */
        const val SHOWN = 35

        val MEANT = listOf(R.color.countersign_text, R.color.countersign_accent, R.color.countersign_success)
    }
}
