import Fakes
import Foundation

/// A point of secp256k1, in Jacobian coordinates; at infinity where `z` is zero.
struct Point {
    static let generator =
        lifted(
            Data(hex: "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798") ?? Data())
        ?? Point(x: .one, y: .one, z: .zero)

    private let x: Field
    private let y: Field
    private let z: Field

    private init(x: Field, y: Field, z: Field) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// The point of this x whose y is even, if there is one.
    static func lifted(_ bytes: Data) -> Point? {
        let seven = Field.one + .one + .one + .one + .one + .one + .one
        guard let x = Field(bytes), let y = (x * x * x + seven).root else { return nil }
        return Point(x: x, y: y.words[0] % 2 == 0 ? y : .zero - y, z: .one)
    }

    var affine: (x: Field, y: Field)? {
        guard z != .zero else { return nil }
        let inverse = z.inverse
        let square = inverse * inverse
        return (x * square, y * square * inverse)
    }

    func times(_ factor: [UInt64]) -> Point {
        var sum = Point(x: .one, y: .one, z: .zero)
        for bit in (0..<256).reversed() {
            sum = sum.doubled
            if factor[bit / 64] >> UInt64(bit % 64) & 1 == 1 { sum = sum + self }
        }
        return sum
    }

    private var doubled: Point {
        let square = y * y
        let product = x * square
        let (four, eight) = (product + product + product + product, square * square)
        let slope = x * x + x * x + x * x
        let newX = slope * slope - four - four
        let eights = eight + eight + eight + eight + eight + eight + eight + eight
        return Point(x: newX, y: slope * (four - newX) - eights, z: y * z + y * z)
    }

    static func + (left: Point, right: Point) -> Point {
        if left.z == .zero { return right }
        if right.z == .zero { return left }
        let (leftSquare, rightSquare) = (left.z * left.z, right.z * right.z)
        let (leftX, rightX) = (left.x * rightSquare, right.x * leftSquare)
        let (leftY, rightY) = (left.y * rightSquare * right.z, right.y * leftSquare * left.z)
        let (across, up) = (rightX - leftX, rightY - leftY)
        if across == .zero { return up == .zero ? left.doubled : Point(x: .one, y: .one, z: .zero) }
        let square = across * across
        let (cube, middle) = (square * across, leftX * square)
        let x = up * up - cube - middle - middle
        return Point(x: x, y: up * (middle - x) - leftY * cube, z: across * left.z * right.z)
    }
}
