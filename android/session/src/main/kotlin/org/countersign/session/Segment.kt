package org.countersign.session

import org.countersign.Slot

/** A participant's part in one of the two rounds. */
public data class Segment(val slot: Slot, val done: Boolean)
