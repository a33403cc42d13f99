import CountersignShell
import Foundation
import Testing

@MainActor @Suite struct JournalFolderTests {
    @Test func theFolderIsMadeOnceAndIsTheSameAfterwards() async throws {
        try await Folder.temporary { parent in
            let url = URL(fileURLWithPath: parent)
            let folder = try JournalFolder.make(in: url)
            #expect(try JournalFolder.make(in: url) == folder)
            #expect(FileManager.default.fileExists(atPath: folder.path))
        }
    }
}
