import Foundation

/// A value that one thread has at a time.
///
/// The `Mutex` of Synchronization wants newer systems than the package does.
package final class Locked<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    /// Locks a value.
    package init(_ value: Value) {
        self.value = value
    }

    /// Lends the value.
    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
