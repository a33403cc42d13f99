import Countersign

/// Resources in no language: a text is its name and what stands in it.
public struct PlainResources: ResourcePort {
    /// Makes them.
    public init() {}

    public func text(_ resource: String, arguments: [Phrase.Argument], quantity: UInt64?) -> String {
        ([resource] + arguments.map { "\($0)" }).joined(separator: " ")
    }

    public func list(_ names: [String]) -> String { names.joined(separator: " + ") }
}
