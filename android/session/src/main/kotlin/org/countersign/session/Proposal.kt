package org.countersign.session

/**
 * What is to be signed, as its proposer describes it.
 *
 * @property by whose words they are.
 * @property words the proposer's own: nothing checks them, and the screen says so.
 * @property items how many things are signed.
 */
public data class Proposal(val wallet: String, val by: ParticipantRow?, val words: String, val items: Long)
