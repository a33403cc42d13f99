import Countersign
import Fakes
import Foundation

/// Measures what the bindings cost: `Bench [call] [status] [event] [open JOURNAL]`, one JSON object a line.
@main
enum Bench {
    static func main() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        guard !arguments.isEmpty else { fail() }
        while let what = arguments.popFirst() {
            switch what {
            case "call": try await withNode { say("call", try await medians.call($0)) }
            case "status": try await withNode { say("status", try await medians.status($0)) }
            case "event": try await withNode { say("event", try await medians.event($0)) }
            case "open":
                guard let journal = arguments.popFirst() else { fail() }
                say("open", try await medians.open(journal))
            default: fail()
            }
        }
    }

    private static let medians = Medians()

    private static func fail() -> Never {
        FileHandle.standardError.write(Data("use: Bench [call] [status] [event] [open JOURNAL]\n".utf8))
        exit(64)
    }

    private static func withNode(_ measure: @Sendable (Node) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let node = try await medians.node(journal: folder.appendingPathComponent("journal.db").path)
        try await measure(node)
        try await node.close()
    }

    private static func say(_ what: String, _ measured: [Duration]) {
        let sorted = measured.sorted()
        let (seconds, attoseconds) = sorted[sorted.count / 2].components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        print("{\"what\":\"\(what)\",\"median_ns\":\(nanoseconds),\"runs\":\(sorted.count)}")
    }
}
