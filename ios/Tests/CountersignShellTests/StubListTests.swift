import Foundation
import Testing

/// What stands for Apple's frameworks: every symbol has the address of its page, and `Stubs/SYMBOLS.md` lists them all.
@Suite struct StubListTests {
    private static let ios = URL(fileURLWithPath: #filePath).appending(path: "../../..").standardizedFileURL
    private static let page = "https://developer.apple.com/documentation/"

    @Test func everyTypeAndFunctionHasItsPage() throws {
        for (file, lines) in try Self.sources() {
            for (before, line) in zip(lines, lines.dropFirst()) where Self.needsPage(line) {
                #expect(before.contains(Self.page), "\(file): \(line)")
            }
        }
    }

    @Test func theListHasEveryPageOnce() throws {
        let pages = try Self.sources().flatMap { file, lines in
            lines.filter { $0.contains(Self.page) }.map { line in
                let module = file.split(separator: "/")[0]
                return "\(module) \(line.drop { $0 != "h" })"
            }
        }
        let list = Set(pages).sorted().joined(separator: "\n") + "\n"
        let file = Self.ios.appending(path: "Stubs/SYMBOLS.md")
        if ProcessInfo.processInfo.environment["WRITE_SYMBOLS"] != nil {
            try Data(list.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == list, "run the tests once with WRITE_SYMBOLS=1")
    }

    @Test func everyAdapterIsSmallEnoughToHoldNoDecision() throws {
        let shell = Self.ios.appending(path: "Sources/CountersignShell")
        let files = try FileManager.default.subpathsOfDirectory(atPath: shell.path).filter { $0.hasSuffix(".swift") }
        #expect(files.count > 20)
        for file in files {
            let text = try String(contentsOf: shell.appending(path: file), encoding: .utf8)
            #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 150, "\(file)")
        }
    }

    /// What Apple has, but for what any type of that kind has.
    private static func needsPage(_ line: String) -> Bool {
        let code = line.trimmingCharacters(in: .whitespaces)
        let isDeclared = ["public ", "open ", "@MainActor open ", "@MainActor public "].contains(where: code.hasPrefix)
        let isOfAnyType = [
            "rawValue", "init()", "override", "var body", "build", "protocol Primitive", "struct Modified",
            "func draw()",
        ]
        return isDeclared && !isOfAnyType.contains(where: code.contains) && !code.contains("enum Either")
            && !code.contains("init(_ code") && !code.contains("let code")
    }

    private static func sources() throws -> [(String, [String])] {
        let folder = ios.appending(path: "Stubs")
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".swift") && !$0.hasPrefix("Recording") }
            .map { file in
                let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                return (file, text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
            }
    }
}
