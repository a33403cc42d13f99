package org.countersign.session

import org.countersign.Action
import org.countersign.RequestState
import org.countersign.SessionId

/**
 * What a co-signer asks, as a card; moments are those of the [Clock].
 *
 * @property signed how many of [participants] have signed.
 * @property endsAtMs when it expires, if it waits for an answer.
 * @property greyed whether it waits no more.
 */
public data class RequestCard(
    val session: SessionId,
    val proposal: Proposal,
    val message: Text,
    val state: RequestState,
    val stateLabel: Text,
    val actions: List<Action>,
    val signed: Int,
    val participants: Int,
    val endsAtMs: Long?,
    val greyed: Boolean,
)
