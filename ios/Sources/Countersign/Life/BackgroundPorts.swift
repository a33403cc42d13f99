import CountersignBindings

/// Keeps the app running for a moment after it has left the screen.
public protocol BackgroundAssertionPort: Sendable {
    /// Begins an assertion, and returns its name; the system calls `expired` if it lasts too long.
    func begin(expired: @escaping @Sendable () -> Void) -> Int

    /// Ends it.
    func end(_ assertion: Int)
}

/// Asks the system for moments in the background.
public protocol RefreshPort: Sendable {
    /// Asks for one, not earlier than in so many milliseconds; in place of what was asked for before.
    func submit(earliestMs: UInt64)

    /// Asks for none.
    func cancel()
}

/// A moment in the background that the system has granted.
public protocol RefreshTask: Sendable {
    /// Says what is to be done when it is over.
    func onExpiration(_ expired: @escaping @Sendable () -> Void)

    /// Says that it is used up.
    func complete(success: Bool)
}
