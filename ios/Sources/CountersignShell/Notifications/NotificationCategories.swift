#if canImport(UserNotifications)
    import Countersign
    import UserNotifications

    /// Tells the system what kinds of notifications we have.
    public enum NotificationCategories {
        /// Registers them all, beside those of the app's own; once a launch, and after a change of language.
        public static func register(resources: any ResourcePort, besides others: Set<UNNotificationCategory> = []) {
            let ours = Category.allCases.map { make($0, resources: resources) }
            UNUserNotificationCenter.current().setNotificationCategories(others.union(ours))
        }

        private static func make(_ category: Category, resources: any ResourcePort) -> UNNotificationCategory {
            let actions = category.actions.map { action in
                UNNotificationAction(
                    identifier: action.identifier,
                    title: action.label.resolved(by: resources),
                    options: action == .dismiss ? [] : [.foreground]
                )
            }
            #if os(macOS)
                return UNNotificationCategory(
                    identifier: category.rawValue, actions: actions, intentIdentifiers: [],
                    options: [.customDismissAction])
            #else
                return UNNotificationCategory(
                    identifier: category.rawValue, actions: actions, intentIdentifiers: [],
                    hiddenPreviewsBodyPlaceholder: category.hiddenBody.resolved(by: resources),
                    options: [.customDismissAction, .hiddenPreviewsShowTitle])
            #endif
        }
    }
#endif
