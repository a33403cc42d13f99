package org.countersign.shell.screen

import android.content.Context
import android.widget.LinearLayout
import org.countersign.session.ResourcePort
import org.countersign.session.SessionCard
import org.countersign.session.Text
import org.countersign.shell.R
import org.countersign.shell.screen.Look.below
import org.countersign.shell.screen.Look.dp
import org.countersign.shell.screen.Look.say
import org.countersign.shell.screen.Look.shape
import org.countersign.shell.screen.Look.text

/** A session in a list: whose, how far, and how much time is left. */
internal class SessionCardView(context: Context, private val resources: ResourcePort) : LinearLayout(context) {
    private val wallet = context.text(Look.HEADING_SP, bold = true)
    private val message = context.text(Look.BODY_SP)
    private val phase = context.text(Look.SMALL_SP, R.color.countersign_text_weak)
    private val signed = RoundsView(context)
    private val countdown = CountdownView(context, resources)

    init {
        orientation = VERTICAL
        background = context.shape(R.color.countersign_card)
        val gap = context.dp(2 * Look.GAP_DP)
        setPaddingRelative(gap, gap, gap, gap)
        below(wallet, 0)
        below(message)
        below(phase)
        below(signed)
        below(countdown.view)
        isClickable = true
        isFocusable = true
    }

    /** Shows it. */
    fun show(card: SessionCard, open: () -> Unit) {
        val colour = context.getColor(if (card.greyed) R.color.countersign_text_weak else R.color.countersign_text)
        wallet.setTextColor(colour)
        message.setTextColor(colour)
        wallet.text = card.proposal.wallet
        message.text = card.message.resolve(resources)
        phase.say(card.phaseLabel.resolve(resources))
        signed.show(card.partials, "screen_signed_of", resources)
        countdown.show(card.endsAtMs)
        setOnClickListener { open() }
    }
}
