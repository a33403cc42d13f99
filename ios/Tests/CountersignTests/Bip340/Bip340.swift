import Fakes
import Foundation

/// Verifies Schnorr signatures (BIP-340), slowly and without the library.
enum Bip340 {
    private static let order: [UInt64] = [
        0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff,
    ]

    /// Whether a signature of 64 bytes over a digest verifies under a key of 32 bytes.
    static func verifies(_ signature: Data, digest: Data, key: Data) -> Bool {
        guard signature.count == 64, key.count == 32, let point = Point.lifted(key) else { return false }
        let (nonce, answer) = (Data(signature.prefix(32)), Field.words(of: Data(signature.suffix(32))))
        guard let x = Field(nonce), Field.isLess(answer, order) else { return false }
        let hash = Field.words(of: Sha256.tagged("BIP0340/challenge", nonce + key + digest))
        let challenge = Field.isLess(hash, order) ? hash : Field.minus(hash, order)
        let sum = Point.generator.times(answer) + point.times(Field.minus(order, challenge))
        guard let (sumX, sumY) = sum.affine else { return false }
        return sumX == x && sumY.words[0] % 2 == 0
    }
}
