import CountersignBindings

/// A notification as the system shows it.
public struct ComposedNotification: Equatable, Sendable {
    /// Names it at the system.
    public var key: NotificationKey
    /// Groups it with the others of its session.
    public var thread: String
    /// What the user can switch off, and which buttons it has.
    public var category: Category
    /// Through how much quiet it comes.
    public var importance: Importance
    /// What stands above.
    public var title: Phrase
    /// What it says.
    public var body: Phrase
    /// What it says on a locked screen: it gives nothing away.
    public var publicBody: Phrase
    /// Whether it makes no sound.
    public var isSilent: Bool
    /// Whether it stays until it is touched.
    public var isSticky: Bool
    /// Whether it shows something that goes on.
    public var isOngoing: Bool
    /// Milliseconds until it is to be shown.
    public var fireInMs: UInt64
    /// The moment that it counts down to, by the wall clock as that is set now.
    public var countdownTo: WallTime?
    /// Milliseconds until it is of no use.
    public var removeInMs: UInt64?
    /// Its buttons.
    public var actions: [OfferedAction]
    /// What a touch leads to.
    public var opens: DeepLink
}
