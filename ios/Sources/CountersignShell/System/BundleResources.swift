import Countersign
import Foundation

/// The words of a bundle's table: those that come with this package, unless an app has its own.
public struct BundleResources: ResourcePort, @unchecked Sendable {
    private let bundle: Bundle
    private let table: String

    /// Reads the table of this package, or another of a bundle that has every key of it.
    public init(bundle: Bundle? = nil, table: String = "Countersign") {
        self.bundle = bundle ?? .module
        self.table = table
    }

    public func text(_ resource: String, arguments: [Phrase.Argument], quantity: UInt64?) -> String {
        let format = bundle.localizedString(forKey: resource, value: nil, table: table)
        return String(format: format, locale: .current, arguments: arguments.map(Self.argument))
    }

    public func list(_ names: [String]) -> String {
        names.formatted(.list(type: .and))
    }

    /// As `%@` and `%lld` take them.
    private static func argument(_ argument: Phrase.Argument) -> any CVarArg {
        switch argument {
        case .words(let words): NSString(string: words)
        case .count(let count): Int64(clamping: count)
        }
    }
}
