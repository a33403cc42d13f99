package org.countersign.shell

/** The user allows no notifications: what is planned stays due. */
public class NotificationsDenied : Exception("the user allows no notifications")
