/// What a co-signer calls itself, made fit for a screen: it may be made up to deceive.
enum PeerName {
    private static let mostCharacters = 64

    /// Returns a name without what is not seen, on one line, at most 64 characters; may be empty.
    static func clean(_ name: String) -> String {
        let spaced = name.unicodeScalars.map { $0.properties.isWhitespace ? " " : $0 }
        let seen = spaced.filter { !isUnseen($0) }.split(separator: " ").joined(separator: [" "])
        var cut = String.UnicodeScalarView()
        cut.append(contentsOf: seen.prefix(mostCharacters))
        return String(cut)
    }

    /// Returns a name as it may stand in a sentence: it cannot turn the words around it.
    static func isolate(_ name: String) -> String {
        "\u{2068}\(name)\u{2069}"
    }

    /// Control characters, and those that change the direction of what follows.
    private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: scalar.properties.generalCategory == .control
        }
    }
}
