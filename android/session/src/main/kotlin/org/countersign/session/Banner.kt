package org.countersign.session

import org.countersign.SessionId

/**
 * What a screen says above everything else.
 *
 * @property session the session that it opens, if it is about one.
 */
public data class Banner(val label: Text, val role: ColourRole, val session: SessionId? = null)
