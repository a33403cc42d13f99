package org.countersign.session

import org.countersign.EventId
import org.countersign.NetworkState
import org.countersign.NodeInterface
import org.countersign.NotificationKey
import org.countersign.SliceRequest

/** A node as each part here sees it, so that a test can put something else in its place. */
internal class NodeCore(private val node: NodeInterface) : PlanSource, Lifecycle, EventSource, StatusSource, NetworkListener {
    override suspend fun plan() = node.plan()

    override suspend fun ackPlan(revision: ULong, failed: List<NotificationKey>) = node.ackPlan(revision, failed)

    override suspend fun onForeground() = node.onForeground()

    override suspend fun onBackground(graceMs: ULong) = node.onBackground(graceMs)

    override suspend fun runBackgroundSlice(request: SliceRequest) = node.runBackgroundSlice(request)

    override fun cancelSlice() = node.cancelSlice()

    override suspend fun nextEvent() = node.nextEvent()

    override suspend fun eventHandled(id: EventId) = node.eventHandled(id)

    override suspend fun status() = node.status()

    override suspend fun onNetworkChanged(network: NetworkState) = node.onNetworkChanged(network)
}
