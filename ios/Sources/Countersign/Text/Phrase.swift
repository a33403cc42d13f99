/// A text of the app's resources, and what stands in it.
public struct Phrase: Equatable, Sendable {
    /// What stands in a text.
    public enum Argument: Equatable, Sendable {
        /// Words, such as a name.
        case words(String)
        /// A number.
        case count(UInt64)
    }

    /// Its name among the resources.
    public var resource: String
    /// What stands in it, in order.
    public var arguments: [Argument]
    /// The number that chooses among its plurals, if it has any.
    public var quantity: UInt64?

    /// Names a text.
    public init(_ resource: String, _ arguments: [Argument] = [], quantity: UInt64? = nil) {
        self.resource = resource
        self.arguments = arguments
        self.quantity = quantity
    }

    /// Names a text about a number.
    public init(_ resource: String, count: UInt64) {
        self.init(resource, [.count(count)], quantity: count)
    }

    /// Returns it in the user's language.
    public func resolved(by resources: any ResourcePort) -> String {
        resources.text(resource, arguments: arguments, quantity: quantity)
    }
}
