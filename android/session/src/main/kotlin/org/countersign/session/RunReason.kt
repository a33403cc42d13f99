package org.countersign.session

/** Why we are not fully connected, or would be late; and what the user can do. */
public data class RunReason(val label: Text, val remedy: Remedy?)
