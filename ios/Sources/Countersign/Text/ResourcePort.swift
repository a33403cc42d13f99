/// The app's resources, in the user's language.
public protocol ResourcePort: Sendable {
    /// Returns a text; `quantity` chooses among its plurals, if it has any.
    func text(_ resource: String, arguments: [Phrase.Argument], quantity: UInt64?) -> String

    /// Joins names as the language joins a list.
    func list(_ names: [String]) -> String
}
