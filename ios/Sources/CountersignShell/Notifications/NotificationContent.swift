#if canImport(UserNotifications)
    import Countersign
    import Foundation
    import UserNotifications

    /// Makes of a composed notification what the system has of it.
    struct NotificationContent: Sendable {
        private static let stampKey = "countersign.stamp"
        private static let linkKey = "countersign.link"

        let resources: any ResourcePort
        let privacy: @Sendable () -> NotificationPrivacy

        /// What ours look like now.
        func look(clockLeadMs: Int64) -> NotificationStamp.Look {
            let language = Locale.preferredLanguages.first ?? "und"
            return NotificationStamp.Look(language: language, privacy: privacy(), clockLeadMs: clockLeadMs)
        }

        func make(_ composed: ComposedNotification, stamp: NotificationStamp) -> UNNotificationContent {
            let content = UNMutableNotificationContent()
            content.title = composed.title.resolved(by: resources)
            content.body = composed.body(privacy()).resolved(by: resources)
            content.sound = composed.isSilent ? nil : .default
            content.threadIdentifier = composed.thread
            content.categoryIdentifier = composed.category.rawValue
            content.interruptionLevel = Self.level(of: composed)
            content.userInfo = [Self.stampKey: stamp.text, Self.linkKey: composed.opens.url]
            return content
        }

        /// Reads the stamp of one of ours.
        static func stamp(of request: UNNotificationRequest) -> NotificationStamp? {
            (request.content.userInfo[stampKey] as? String).flatMap(NotificationStamp.init(text:))
        }

        /// Reads where one of ours leads.
        static func link(of request: UNNotificationRequest) -> String {
            request.content.userInfo[linkKey] as? String ?? ""
        }

        private static func level(of composed: ComposedNotification) -> UNNotificationInterruptionLevel {
            if composed.isSilent { return .passive }
            switch composed.importance {
            case .silent: return .passive
            case .default: return .active
            case .timeSensitive: return .timeSensitive
            }
        }
    }

    /// Makes the system's triggers.
    enum SystemTrigger {
        /// Returns a trigger; `nil` is at once.
        static func make(_ trigger: NotificationTrigger) -> UNNotificationTrigger? {
            switch trigger {
            case .now:
                return nil
            case .after(let milliseconds):
                return UNTimeIntervalNotificationTrigger(
                    timeInterval: Double(milliseconds) / 1_000, repeats: false)
            case .at(let wall):
                return UNCalendarNotificationTrigger(dateMatching: components(of: wall), repeats: false)
            }
        }

        /// With a zone of their own they name one moment, wherever the phone is by then.
        private static func components(of wall: WallTime) -> DateComponents {
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? calendar.timeZone
            let date = Date(timeIntervalSince1970: Double(wall) / 1_000)
            var components = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            components.calendar = calendar
            components.timeZone = calendar.timeZone
            return components
        }
    }
#endif
