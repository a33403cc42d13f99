import Foundation

/// Multiaddresses of the local network.
enum LanAddress {
    /// Whether one begins with an IP address of a private, unique-local or version-4 link-local range, and leads through no relay.
    static func isNear(_ multiaddress: String) -> Bool {
        let parts = multiaddress.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 5, parts[0].isEmpty, !parts.contains("p2p-circuit") else { return false }
        switch parts[1] {
        case "ip4": return isNear4(parts[2])
        case "ip6": return isNear6(parts[2])
        default: return false
        }
    }

    private static func isNear4(_ text: Substring) -> Bool {
        let bytes = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard bytes.count == 4, let first = bytes[0], let second = bytes[1], bytes[2] != nil, bytes[3] != nil else {
            return false
        }
        switch first {
        case 10: return true
        case 172: return (16...31).contains(second)
        case 192: return second == 168
        case 169: return second == 254
        default: return false
        }
    }

    /// Of `fc00::/7`; what follows is for whoever dials.
    private static func isNear6(_ text: Substring) -> Bool {
        guard let first = text.split(separator: ":", omittingEmptySubsequences: false).first, first.count == 4,
            let group = UInt16(first, radix: 16)
        else { return false }
        return group >> 9 == 0xfc >> 1
    }
}
