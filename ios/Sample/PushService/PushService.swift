import CountersignShell

/// Says that something was asked; the app finds out what.
final class PushService: NotificationService {}
