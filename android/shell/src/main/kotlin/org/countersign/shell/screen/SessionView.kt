package org.countersign.shell.screen

import android.content.Context
import android.view.View
import android.widget.LinearLayout
import android.widget.ScrollView
import org.countersign.Action
import org.countersign.NextAction
import org.countersign.session.Blocking
import org.countersign.session.ResourcePort
import org.countersign.session.Text
import org.countersign.shell.R
import org.countersign.shell.screen.Look.below
import org.countersign.shell.screen.Look.column
import org.countersign.shell.screen.Look.dp
import org.countersign.shell.screen.Look.heading
import org.countersign.shell.screen.Look.say
import org.countersign.shell.screen.Look.text

/** One session: what is signed, how far it is, who takes part, and what the user can do. */
public class SessionView(context: Context, private val resources: ResourcePort, private val listener: ScreenListener) : ScrollView(context) {
    private val page = context.column()
    private val title = context.heading("").apply { textSize = Look.TITLE_SP }
    private val message = context.text(Look.BODY_SP)
    private val phase = context.text(Look.BODY_SP, R.color.countersign_text_weak)
    private val countdown = CountdownView(context, resources)
    private val payload = PayloadView(context, resources)
    private val roundOne = context.text(Look.SMALL_SP, R.color.countersign_text_weak)
    private val nonces = RoundsView(context)
    private val roundTwo = context.text(Look.SMALL_SP, R.color.countersign_text_weak)
    private val partials = RoundsView(context)
    private val blocking = context.text(Look.BODY_SP)
    private val people = context.column()
    private val rows = Reused(people, { ParticipantRowView(context, resources, listener::act) }, ParticipantRowView::show)
    private val buttons = ButtonsView(context, resources)
    private val fault = context.text(Look.BODY_SP, R.color.countersign_error, bold = true).apply {
        accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
    }

    init {
        fitsSystemWindows = true
        val gap = context.dp(2 * Look.GAP_DP)
        page.setPaddingRelative(gap, gap, gap, gap)
        page.below(title, 0)
        listOf(message, phase, countdown.view, payload).forEach { page.below(it) }
        listOf(roundOne, nonces, roundTwo, partials, blocking, fault).forEach { page.below(it) }
        page.below(buttons)
        page.below(context.heading(Text("screen_participants").resolve(resources)), 2 * Look.GAP_DP)
        page.below(people)
        addView(page, LinearLayout.LayoutParams(LayoutParams.MATCH_PARENT, LayoutParams.WRAP_CONTENT))
        say(null)
    }

    /** Shows it. */
    public fun show(model: SessionModel) {
        val card = model.card
        title.text = card.proposal.wallet
        message.text = card.message.resolve(resources)
        phase.say(card.phaseLabel.resolve(resources))
        countdown.show(card.endsAtMs)
        payload.show(card.proposal, model.payload)
        roundOne.text = Text("screen_round_one", RoundsView.counts(card.nonces)).resolve(resources)
        nonces.show(card.nonces, "screen_round_one", resources)
        roundTwo.text = Text("screen_round_two", RoundsView.counts(card.partials)).resolve(resources)
        partials.show(card.partials, "screen_round_two", resources)
        blocking.say(card.blocking?.let(::words))
        rows.show(model.rows)
        buttons.show(buttons(model))
    }

    /** Says what went wrong, or nothing. */
    public fun say(words: String?): Unit = fault.say(words)

    private fun words(blocking: Blocking): String {
        val names = blocking.whom.map { "\u2068${it.name}\u2069" }
        val label = blocking.label.resolve(resources)
        return if (names.isEmpty()) label else label + " " + resources.list(names)
    }

    private fun buttons(model: SessionModel): List<ButtonsView.Model> {
        val session = model.card.id
        // Nobody says yes to what is not on the screen yet.
        val answers = model.request?.actions.orEmpty().filter { it in ANSWERS && model.payload != null }
        val next = listOfNotNull(model.card.nextAction).filter { it in STEPS }
        return answers.map { ButtonsView.Model(Text("action_" + it.name.lowercase()), it == Action.APPROVE) { listener.answer(session, it) } } +
            next.map { ButtonsView.Model(checkNotNull(model.card.nextLabel), it == NextAction.UNLOCK) { listener.proceed(session, it) } }
    }

    private companion object {
        val ANSWERS = setOf(Action.APPROVE, Action.REJECT, Action.EXTEND)
        val STEPS = setOf(NextAction.UNLOCK, NextAction.CONNECT, NextAction.AGREE_TO_EXTENSION, NextAction.SET_CLOCK)
    }
}
