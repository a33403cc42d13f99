package org.countersign.session

import org.countersign.Action

/** A button of a notification. */
public data class OfferedAction(val action: Action, val label: Text, val opens: Opens)
