package org.countersign.shell.screen

import org.countersign.Action
import org.countersign.NextAction
import org.countersign.SessionId
import org.countersign.session.ParticipantRow
import org.countersign.session.Remedy
import org.countersign.session.RowAction

/** Hears what the user touches. */
public interface ScreenListener {
    /** A session is to be opened. */
    public fun open(session: SessionId)

    /** A request is answered. */
    public fun answer(session: SessionId, action: Action)

    /** What a session needs is to be done. */
    public fun proceed(session: SessionId, action: NextAction)

    /** Something is to be done with a participant. */
    public fun act(row: ParticipantRow, action: RowAction)

    /** What stands in the way is to be removed. */
    public fun remedy(remedy: Remedy)
}
