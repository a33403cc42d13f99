package org.countersign.shell.screen

import android.content.Context
import android.graphics.Typeface
import android.widget.LinearLayout
import android.widget.TextView
import org.countersign.Item
import org.countersign.Payload
import org.countersign.session.Proposal
import org.countersign.session.ResourcePort
import org.countersign.session.Text
import org.countersign.shell.R
import org.countersign.shell.screen.Look.below
import org.countersign.shell.screen.Look.column
import org.countersign.shell.screen.Look.dp
import org.countersign.shell.screen.Look.heading
import org.countersign.shell.screen.Look.say
import org.countersign.shell.screen.Look.shape
import org.countersign.shell.screen.Look.text

/** What is signed, byte for byte; and apart from it what its proposer says about it. */
internal class PayloadView(context: Context, private val resources: ResourcePort) : LinearLayout(context) {
    private val count = context.text(Look.BODY_SP)
    private val items = context.column()
    private val digests = Reused(items, ::digest) { view: TextView, item: Item -> view.text = words(item) }
    private val said = context.text(Look.SMALL_SP, R.color.countersign_on_peer, bold = true)
    private val words = context.text(Look.BODY_SP, R.color.countersign_on_peer)
    private val peer = context.column()

    init {
        orientation = VERTICAL
        below(context.heading(Text("screen_signed_heading").resolve(resources)))
        below(count)
        below(items, 0)
        peer.background = context.shape(R.color.countersign_peer)
        val gap = context.dp(Look.GAP_DP)
        peer.setPaddingRelative(2 * gap, gap, 2 * gap, 2 * gap)
        peer.below(said)
        peer.below(words)
        below(peer)
    }

    /** Shows it; the payload once it is read. */
    fun show(proposal: Proposal, payload: Payload?) {
        count.text = Text("screen_items", listOf(proposal.items), proposal.items).resolve(resources)
        digests.show(payload?.items.orEmpty().take(MOST))
        said.text = Text("screen_peer_words", listOf(isolated(proposal))).resolve(resources)
        words.say(payload?.text ?: proposal.words)
        peer.visibility = words.visibility
    }

    private fun isolated(proposal: Proposal) = "\u2068" + (proposal.by?.name ?: Text("anonymous").resolve(resources)) + "\u2069"

    private fun digest() = context.text(Look.SMALL_SP).apply {
        typeface = Typeface.MONOSPACE
        textDirection = TEXT_DIRECTION_LTR
    }

    /** In groups of eight, which eyes can compare; the path says which key. */
    private fun words(item: Item): String {
        val digest = item.digest.toHexString().chunked(GROUP).joinToString(" ")
        return if (item.path.isEmpty()) digest else digest + "\nm/" + item.path.joinToString("/")
    }

    private companion object {
        const val GROUP = 8

        /** More are counted, not listed. */
        const val MOST = 20
    }
}
