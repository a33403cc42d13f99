package org.countersign.shell.screen

import android.content.Context
import android.widget.ScrollView
import org.countersign.session.Banner
import org.countersign.session.ColourRole
import org.countersign.session.ResourcePort
import org.countersign.session.RunReason
import org.countersign.session.Screen
import org.countersign.session.SessionCard
import org.countersign.session.Text
import org.countersign.shell.R
import org.countersign.shell.screen.Look.below
import org.countersign.shell.screen.Look.column
import org.countersign.shell.screen.Look.dp
import org.countersign.shell.screen.Look.heading
import org.countersign.shell.screen.Look.say
import org.countersign.shell.screen.Look.text

/** What is to be signed, and what stands in the way. */
public class SessionListView(context: Context, private val resources: ResourcePort, private val listener: ScreenListener) : ScrollView(context) {
    private val banners = context.column()
    private val sessions = context.column()
    private val nothing = context.text(Look.BODY_SP)
    private val fault = context.text(Look.BODY_SP, R.color.countersign_error, bold = true)
    private val bannerViews = Reused(banners, { BannerView(context, resources) }, BannerView::show)
    private val sessionViews = Reused(sessions, { SessionCardView(context, resources) }) { view, card: SessionCard ->
        view.show(card) { listener.open(card.id) }
    }

    init {
        fitsSystemWindows = true
        val page = context.column()
        val gap = context.dp(2 * Look.GAP_DP)
        page.setPaddingRelative(gap, gap, gap, gap)
        page.below(context.heading(Text("screen_sessions").resolve(resources)).apply { textSize = Look.TITLE_SP }, 0)
        page.below(fault)
        page.below(banners)
        page.below(nothing)
        page.below(sessions)
        addView(page)
        say(null)
    }

    /** Says what went wrong, or nothing. */
    public fun say(words: String?): Unit = fault.say(words)

    /** Shows them: those first that wait for the user. */
    public fun show(screen: Screen, reasons: List<RunReason>) {
        bannerViews.show(screen.banners.map(::model) + reasons.map(::model))
        val waiting = screen.requests.filterNot { it.greyed }.map { it.session }.toSet()
        sessionViews.show(screen.sessions.sortedWith(compareBy({ it.greyed }, { it.id !in waiting })))
        nothing.say(Text("screen_no_sessions").resolve(resources).takeIf { screen.sessions.isEmpty() })
    }

    private fun model(banner: Banner): BannerView.Model {
        val session = banner.session
        return BannerView.Model(banner.label, banner.role, session?.let { Text("action_view") }) { session?.let(listener::open) }
    }

    private fun model(reason: RunReason): BannerView.Model {
        val remedy = reason.remedy
        return BannerView.Model(reason.label, ColourRole.WARNING, remedy?.let(BannerView::button)) { remedy?.let(listener::remedy) }
    }
}
