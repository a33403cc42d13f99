import Fakes
import Foundation
import Testing

@Suite struct Bip340Tests {
    /// BIP-340's test vectors 0 and 1, and a forged one.
    @Test func itSaysWhatTheStandardsVectorsSay() throws {
        let key = try #require(Data(hex: "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"))
        let signature = try #require(
            Data(
                hex: "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"
                    + "25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"))
        let digest = Data(count: 32)
        #expect(Bip340.verifies(signature, digest: digest, key: key))

        let other = try #require(Data(hex: "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659"))
        let second = try #require(
            Data(
                hex: "6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de3341"
                    + "8906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a"))
        let message = try #require(Data(hex: "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89"))
        #expect(Bip340.verifies(second, digest: message, key: other))

        #expect(!Bip340.verifies(signature, digest: message, key: key))
        #expect(!Bip340.verifies(signature, digest: digest, key: other))
        for byte in [0, 31, 32, 63] {
            var forged = signature
            forged[byte] ^= 1
            #expect(!Bip340.verifies(forged, digest: digest, key: key))
        }
    }
}
