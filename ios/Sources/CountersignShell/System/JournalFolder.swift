import Foundation

/// Where the journal lies: not in backups, since one that comes back from there is an old one, and readable from the first unlock on.
public enum JournalFolder {
    /// Makes the folder within Application Support, or another one, and returns it.
    public static func make(in parent: URL? = nil) throws -> URL {
        let parent =
            try parent
            ?? FileManager.default.url(
                for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        var folder = parent.appending(path: "Countersign", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try protect(&folder)
        return folder
    }

    /// As ``make(in:)``, in the folder that an app shares with its extensions.
    ///
    /// - Parameter group: The identifier of an App Group of both.
    public static func make(sharedBy group: String) throws -> URL {
        #if canImport(Darwin)
            let shared = FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: group)
            guard let shared else { throw CocoaError(.fileNoSuchFile) }
            return try make(in: shared)
        #else
            return try make()
        #endif
    }

    private static func protect(_ folder: inout URL) throws {
        #if canImport(Darwin)
            var values = URLResourceValues()
            values.isExcludedFromBackup = true
            try folder.setResourceValues(values)
        #endif
        #if os(iOS)
            try FileManager.default.setAttributes(
                [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication], ofItemAtPath: folder.path)
        #endif
    }
}
