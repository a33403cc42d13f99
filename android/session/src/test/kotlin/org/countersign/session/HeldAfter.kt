package org.countersign.session

import org.countersign.PlannedNotification

/** Does one thing at a system. */
internal fun Held.applied(operation: Operation, placeOf: (PlannedNotification) -> String): Held = when (operation) {
    is Operation.Hold -> copy(pending = pending + (operation.item.key to operation.item.contentHash))
    is Operation.Show -> shows(operation.item, placeOf)
    is Operation.Update -> shows(operation.item, placeOf)
    is Operation.Release -> copy(pending = pending - operation.key)
    is Operation.TakeAway -> copy(shown = shown - operation.place)
}

private fun Held.shows(item: PlannedNotification, placeOf: (PlannedNotification) -> String) =
    copy(shown = shown + (placeOf(item) to Content(item.key, item.contentHash)))
