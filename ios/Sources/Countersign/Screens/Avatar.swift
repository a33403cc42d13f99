import CountersignBindings

/// What stands for a face: one or two letters on a hue that is always the same for a key.
public struct Avatar: Equatable, Sendable {
    /// The letters.
    public var initials: String
    /// The hue, 0 to 359.
    public var hue: Int

    init(key: ParticipantKey, name: String) {
        initials = name.split(separator: " ").prefix(2).compactMap(\.first).map(String.init).joined().uppercased()
        hue = (Int(key.suffix(4), radix: 16) ?? 0) % 360
    }
}
