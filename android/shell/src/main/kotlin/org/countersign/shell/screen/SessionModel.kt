package org.countersign.shell.screen

import org.countersign.Payload
import org.countersign.SessionId
import org.countersign.session.ParticipantRow
import org.countersign.session.RequestCard
import org.countersign.session.Screen
import org.countersign.session.SessionCard

/**
 * All that the screen of one session shows.
 *
 * @property request what is asked of the user, if something is.
 * @property payload what is signed, once it is read.
 */
public class SessionModel(
    public val card: SessionCard,
    public val request: RequestCard?,
    public val rows: List<ParticipantRow>,
    public val payload: Payload?,
) {
    public companion object {
        /** Finds it; `null` if there is no such session any more. */
        public fun of(screen: Screen, session: SessionId, payload: Payload?): SessionModel? {
            val card = screen.sessions.find { it.id == session } ?: return null
            val request = screen.requests.find { it.session == session && !it.greyed }
            val rows = screen.wallets.find { it.id == card.wallet }?.rows.orEmpty()
            return SessionModel(card, request, rows, payload)
        }
    }
}
