import Foundation

/// Names every public declaration of a module that says nothing of itself: `Undocumented GRAPH…`, the symbol graphs of modules.
@main
enum Undocumented {
    private struct Graph: Decodable {
        let symbols: [Symbol]
    }

    private struct Symbol: Decodable {
        struct Comment: Decodable {}

        let pathComponents: [String]
        let docComment: Comment?
    }

    static func main() throws {
        var found = false
        for path in CommandLine.arguments.dropFirst() {
            let graph = try JSONDecoder().decode(Graph.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            if graph.symbols.isEmpty { throw CocoaError(.fileReadCorruptFile) }
            for symbol in graph.symbols where symbol.docComment == nil {
                found = true
                print("\(path): \(symbol.pathComponents.joined(separator: ".")) has no documentation")
            }
        }
        if found { exit(1) }
    }
}
