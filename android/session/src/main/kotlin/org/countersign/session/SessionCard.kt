package org.countersign.session

import org.countersign.NextAction
import org.countersign.Outcome
import org.countersign.Phase
import org.countersign.SessionId
import org.countersign.WalletId

/**
 * A session, as a card; moments are those of the [Clock].
 *
 * @property nonces the first round, a segment each participant.
 * @property partials the second round.
 * @property endsAtMs when it expires, if it is not over.
 * @property signed how many of the participants have signed.
 * @property expiring whether the user was warned of its end.
 * @property greyed whether it is over.
 */
public data class SessionCard(
    val id: SessionId,
    val wallet: WalletId,
    val proposal: Proposal,
    val message: Text,
    val phase: Phase,
    val phaseLabel: Text,
    val nonces: List<Segment>,
    val partials: List<Segment>,
    val signed: Int,
    val endsAtMs: Long?,
    val expiring: Boolean,
    val blocking: Blocking?,
    val nextAction: NextAction?,
    val nextLabel: Text?,
    val outcome: Outcome?,
    val greyed: Boolean,
)
