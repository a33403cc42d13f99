import CountersignShell
import Foundation

/// Says that something was asked; the app finds out what.
final class PushService: NotificationService {
    override var journal: URL? {
        try? JournalFolder.make(sharedBy: "group.org.example.wallet").appending(path: "journal.db")
    }
}
