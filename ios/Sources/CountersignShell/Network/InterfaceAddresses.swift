import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The IP addresses of the phone's interfaces.
enum InterfaceAddresses {
    /// Returns those of one interface.
    static func of(_ name: String) -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        return sequence(first: first, next: { $0?.pointee.ifa_next })
            .compactMap { $0?.pointee }
            .filter { String(cString: $0.ifa_name) == name }
            .compactMap { $0.ifa_addr.flatMap(text) }
    }

    /// Writes an address of version 4 or 6; nothing else has a text.
    private static func text(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
        let length: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: length = MemoryLayout<sockaddr_in>.size
        case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = getnameinfo(
            address, socklen_t(length), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
        return status == 0 ? String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }
}
