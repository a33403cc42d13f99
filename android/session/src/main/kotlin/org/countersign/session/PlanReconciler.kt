package org.countersign.session

import org.countersign.Due
import org.countersign.NotificationKey
import org.countersign.Plan
import org.countersign.PlannedNotification

/**
 * Finds what is to be done so that the system holds and shows what the plan says.
 *
 * @param prescheduled whether the system shows a notification at a time of its own; if not, it is given none to hold.
 * @param placeOf where the system shows a notification: one takes the place of another with the same.
 */
public class PlanReconciler(
    private val prescheduled: Boolean,
    private val placeOf: (PlannedNotification) -> String = PlannedNotification::slot,
) {
    /** Lists the operations, in the order in which they are to be done; none if the system equals the plan. */
    public fun reconcile(plan: Plan, held: Held): List<Operation> {
        val placing = plan.items.mapNotNull { placing(it, held) }
        val (later, visible) = plan.items.partition { it.due == Due.LATER }
        return placing + releases(held, later.keys()) + removals(held, placing, visible.keys())
    }

    private fun placing(item: PlannedNotification, held: Held): Operation? = when (item.due) {
        Due.LATER -> Operation.Hold(item).takeIf { prescheduled && held.pending[item.key] != item.contentHash }
        Due.NOW -> Operation.Show(item)
        // One that is not on the screen any more was put away by the user.
        Due.SHOWN -> Operation.Update(item).takeIf { held.shown[placeOf(item)] !in setOf(null, item.content()) }
    }

    private fun releases(held: Held, wanted: Set<NotificationKey>): List<Operation> =
        held.pending.keys.filter { !prescheduled || it !in wanted }.sorted().map(Operation::Release)

    private fun removals(held: Held, placing: List<Operation>, wanted: Set<NotificationKey>): List<Operation> {
        val shown = held.shown.mapValues { (_, content) -> content.key }.toSortedMap()
        for (operation in placing) {
            when (operation) {
                is Operation.Show -> shown[placeOf(operation.item)] = operation.item.key
                is Operation.Update -> shown[placeOf(operation.item)] = operation.item.key
                is Operation.Hold, is Operation.Release, is Operation.TakeAway -> Unit
            }
        }
        return shown.filterValues { it !in wanted }.keys.map(Operation::TakeAway)
    }
}

private fun List<PlannedNotification>.keys(): Set<NotificationKey> = mapTo(HashSet()) { it.key }

private fun PlannedNotification.content() = Content(key, contentHash)
