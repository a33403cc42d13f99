import Fakes
import Foundation

/// A co-signer in a process of its own, told what to do in lines.
@MainActor final class Child {
    private let process = Process()
    private let input = Pipe()
    private let lines: AsyncStream<String>

    init(folder: String, number: Int) throws {
        let output = Pipe()
        // The tests lie beside the programs that are built with them.
        process.executableURL = Bundle.main.bundleURL.appending(path: "CoSignerProgram")
        process.arguments = [folder, "\(number)"]
        process.standardInput = input
        process.standardOutput = output
        let (lines, arrives) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        let handle = output.fileHandleForReading
        Thread.detachNewThread {
            var rest = Data()
            while case let data = handle.availableData, !data.isEmpty {
                rest.append(data)
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    arrives.yield(String(decoding: rest[..<end], as: UTF8.self))
                    rest = Data(rest[rest.index(after: end)...])
                }
            }
            arrives.finish()
        }
        try process.run()
    }

    func tell(_ command: [String: Any]) throws {
        try input.fileHandleForWriting.write(
            contentsOf: JSONSerialization.data(withJSONObject: command) + Data("\n".utf8))
    }

    /// Waits for a line in which something is said, and returns its texts.
    func answer(_ key: String, _ value: String) async throws -> [String: String] {
        for await line in lines {
            let said = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            if said[key] as? String == value { return said.compactMapValues { $0 as? String } }
            if let error = said["error"] { throw NeverCame(instead: error) }
        }
        throw NeverCame(instead: "the end of the process")
    }

    /// Kills it, without a last word.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A folder of a test's own.
@MainActor enum Folder {
    /// Runs a test in one, and removes it.
    static func temporary(_ test: @MainActor (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await test(folder.path)
    }
}
