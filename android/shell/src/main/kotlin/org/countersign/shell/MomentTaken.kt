package org.countersign.shell

/** The system took back a moment that it had granted; the reason is one of `JobParameters`. */
public class MomentTaken(public val reason: Int) : Exception("the system took its moment back, for reason $reason")
