import Foundation

/// Looks at this process from outside; empty where the system does not show it.
public enum OwnProcess {
    /// The threads that are the library's.
    public static var threads: [String] {
        names(in: "/proc/self/task")
            .compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8) }
            .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            .filter { $0.hasPrefix("countersign") }
    }

    /// The open descriptors, without the one that looks.
    public static var descriptors: [String] {
        names(in: "/proc/self/fd")
            .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
            .filter { !$0.hasPrefix("/proc/") }
            .sorted()
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
}
