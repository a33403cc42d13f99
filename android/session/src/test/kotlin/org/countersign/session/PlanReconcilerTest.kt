package org.countersign.session

import org.countersign.Due
import org.countersign.Notice
import org.countersign.Plan
import org.countersign.PlannedNotification
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.random.Random

internal class PlanReconcilerTest {
    @Test
    fun `of one session in one slot the next notice takes the place of the last`() {
        val request = planned(notice = Notice.Request)
        val warning = planned(notice = Notice.Warning(300_000u))
        val held = Held(shown = mapOf("s1" to Content(request.key, request.contentHash)))
        assertEquals(listOf(Operation.Show(warning)), PlanReconciler(prescheduled = false).reconcile(plan(warning), held))
    }

    @Test
    fun `what was shown and is gone was put away, and does not come back`() {
        val shown = planned(due = Due.SHOWN)
        assertEquals(emptyList<Operation>(), PlanReconciler(prescheduled = false).reconcile(plan(shown), Held()))
    }

    @Test
    fun `what says something else now is updated without a sound`() {
        val shown = planned(due = Due.SHOWN, contentHash = 2u)
        val held = Held(shown = mapOf("s1" to Content(shown.key, 1u)))
        assertEquals(listOf(Operation.Update(shown)), PlanReconciler(prescheduled = false).reconcile(plan(shown), held))
    }

    @Test
    fun `in random lives the system equals the plan after one run, and a second finds nothing to do`() {
        val dice = Random(seed = 20)
        var sum = 0
        repeat(20_000) {
            val prescheduled = dice.nextBoolean()
            val placeOf = if (dice.nextBoolean()) PlannedNotification::slot else PlannedNotification::key
            val reconciler = PlanReconciler(prescheduled, placeOf)
            val plan = randomPlan(dice)
            val held = randomHeld(dice, plan, placeOf)

            val operations = reconciler.reconcile(plan, held)
            sum += operations.size
            assertEquals(operations, reconciler.reconcile(plan, held.shuffled(dice)), "the order is always the same")
            assertNothingIsRemovedAndAddedAgain(operations, placeOf)

            val after = operations.fold(held) { system, operation -> system.applied(operation, placeOf) }
            assertEquals(wanted(plan, held, prescheduled, placeOf), after)
            val acknowledged = plan.copy(items = plan.items.map { if (it.due == Due.NOW) it.copy(due = Due.SHOWN) else it })
            assertEquals(emptyList<Operation>(), reconciler.reconcile(acknowledged, after))
        }
        assertTrue(sum > 50_000, "something was to be done: $sum")
    }

    private fun wanted(plan: Plan, held: Held, prescheduled: Boolean, placeOf: (PlannedNotification) -> String): Held {
        val (later, visible) = plan.items.partition { it.due == Due.LATER }
        val shown = visible.filter { it.due == Due.NOW || placeOf(it) in held.shown }
        // Where no item of the plan stands, something that the plan still wants elsewhere is left alone.
        val left = held.shown.filterValues { content -> visible.any { it.key == content.key } }
        return Held(
            pending = later.filter { prescheduled }.associate { it.key to it.contentHash },
            shown = left + shown.associate { placeOf(it) to Content(it.key, it.contentHash) },
        )
    }

    private fun assertNothingIsRemovedAndAddedAgain(operations: List<Operation>, placeOf: (PlannedNotification) -> String) {
        val added = operations.mapNotNull { it.item }
        operations.forEach {
            when (it) {
                is Operation.Release -> assertTrue(added.none { item -> item.key == it.key && item.due == Due.LATER })
                is Operation.TakeAway -> assertTrue(added.none { item -> placeOf(item) == it.place && item.due != Due.LATER })
                is Operation.Hold, is Operation.Show, is Operation.Update -> Unit
            }
        }
    }

    /** A plan as the core makes them: each session has one notice on the screen at most, and others later. */
    private fun randomPlan(dice: Random): Plan {
        val items = SESSIONS.flatMap { session ->
            NOTICES.shuffled(dice).take(dice.nextInt(NOTICES.size + 1)).mapIndexed { place, notice ->
                val due = if (place > 0) Due.LATER else Due.entries.random(dice)
                planned(session, notice, due, dice.nextInt(3).toULong())
            }
        }
        return plan(*items.toTypedArray())
    }

    private fun randomHeld(dice: Random, plan: Plan, placeOf: (PlannedNotification) -> String): Held {
        fun some() = (plan.items + randomPlan(dice).items).filter { dice.nextInt(3) > 0 }
        return Held(
            pending = some().associate { it.key to dice.nextInt(3).toULong() },
            shown = some().associate { placeOf(it) to Content(it.key, dice.nextInt(3).toULong()) },
        )
    }

    private fun Held.shuffled(dice: Random) = Held(
        pending.entries.shuffled(dice).associate { it.toPair() },
        shown.entries.shuffled(dice).associate { it.toPair() },
    )

    private fun plan(vararg items: PlannedNotification) = Plan(revision = 1u, items = items.toList(), truncated = false)

    private companion object {
        val SESSIONS = listOf("s1", "s2", "s3")
        val NOTICES = listOf(Notice.Request, Notice.Ongoing, Notice.Warning(300_000u), Notice.Warning(60_000u), Notice.Expired)
    }
}
