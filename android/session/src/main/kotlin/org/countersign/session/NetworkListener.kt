package org.countersign.session

import org.countersign.NetworkState

/** Who is told of the phone's network: the node. */
public fun interface NetworkListener {
    /** Says what the phone's network is like now. */
    public suspend fun onNetworkChanged(network: NetworkState)
}
