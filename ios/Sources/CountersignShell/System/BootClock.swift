import Foundation

/// The clock that runs on while the phone sleeps, and that nobody sets.
enum BootClock {
    #if canImport(Darwin)
        private static let clock = CLOCK_MONOTONIC
    #else
        private static let clock = CLOCK_BOOTTIME
    #endif

    /// How far the wall clock is ahead of it, in milliseconds.
    static func leadMs() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1_000) - nowMs()
    }

    private static func nowMs() -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
