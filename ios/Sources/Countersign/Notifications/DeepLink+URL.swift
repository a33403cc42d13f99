import CountersignBindings

extension DeepLink {
    private static let scheme = "countersign"

    /// The link as the system keeps it.
    public var url: String { "\(Self.scheme)://wallet/\(wallet)/session/\(session)" }

    /// Reads a link; `nil` for anything that ``url`` does not write.
    public init?(url: String) {
        let parts = url.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, Self.isId(parts[3]), Self.isId(parts[5]) else { return nil }
        self.init(wallet: parts[3], session: parts[5])
        guard self.url == url else { return nil }
    }

    private static func isId(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }
}
