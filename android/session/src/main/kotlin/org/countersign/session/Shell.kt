package org.countersign.session

import org.countersign.Capabilities
import org.countersign.LanDiscovery
import org.countersign.PlannedNotification
import org.countersign.SliceRequest
import org.countersign.Vault

/**
 * What the app brings along for a [CoSigner].
 *
 * @property placeOf where the system shows a notification: one takes the place of another with the same.
 * @property beforeSlice is called before a background slice begins.
 * @property report hears of what went wrong and is tried again.
 */
public class Shell(
    internal val vault: Vault,
    internal val capabilities: Capabilities,
    internal val notifications: NotificationPort,
    internal val resources: ResourcePort,
    internal val clock: Clock,
    internal val lan: LanDiscovery? = null,
    internal val placeOf: (PlannedNotification) -> String = PlannedNotification::slot,
    internal val beforeSlice: suspend (SliceRequest) -> Unit = {},
    internal val report: (Exception) -> Unit,
)
