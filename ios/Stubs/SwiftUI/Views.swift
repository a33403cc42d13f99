import Foundation
@_exported import Observation

/// https://developer.apple.com/documentation/swiftui/view
@MainActor public protocol View {
    associatedtype Body: View
    /// https://developer.apple.com/documentation/swiftui/view/body-swift.property
    @ViewBuilder var body: Body { get }
}

extension Never: View {
    public var body: Never { fatalError("a stub is not drawn") }
}

/// What the system draws itself.
public protocol Primitive: View where Body == Never {
    func draw()
}

extension Primitive {
    public var body: Never { fatalError("a stub is not drawn") }
    public func draw() {}
}

/// What a modifier makes of a view.
public struct Modified<Content: View>: Primitive {
    let content: Content

    public func draw() { content.drawn() }
}

/// https://developer.apple.com/documentation/swiftui/tupleview
public struct TupleView<each Content: View>: Primitive {
    let contents: (repeat each Content)

    init(_ contents: repeat each Content) { self.contents = (repeat each contents) }

    public func draw() { repeat (each contents).drawn() }
}

/// https://developer.apple.com/documentation/swiftui/emptyview
public struct EmptyView: Primitive {
    public nonisolated init() {}
}

extension Optional: View where Wrapped: View {
    public var body: Never { fatalError("a stub is not drawn") }
}

extension Optional: Primitive where Wrapped: View {
    public func draw() { self?.drawn() }
}

/// https://developer.apple.com/documentation/swiftui/viewbuilder
@resultBuilder @MainActor public enum ViewBuilder {
    public static func buildBlock() -> EmptyView { EmptyView() }
    public static func buildBlock<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> TupleView<repeat each Content> {
        TupleView(repeat each content)
    }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<First: View, Second: View>(first: First) -> Either<First, Second> { .first(first) }
    public static func buildEither<First: View, Second: View>(second: Second) -> Either<First, Second> { .second(second) }
}

/// One of two views.
public enum Either<First: View, Second: View>: Primitive {
    case first(First)
    case second(Second)

    public func draw() {
        switch self {
        case .first(let first): first.drawn()
        case .second(let second): second.drawn()
        }
    }
}

/// https://developer.apple.com/documentation/swiftui/text
public struct Text: Primitive {
    private let content: String

    /// https://developer.apple.com/documentation/swiftui/text/init(verbatim:)
    public nonisolated init(verbatim content: String) { self.content = content }
    /// https://developer.apple.com/documentation/swiftui/text/init(timerinterval:pausetime:countsdown:showshours:)
    public nonisolated init(
        timerInterval: ClosedRange<Date>, pauseTime: Date? = nil, countsDown: Bool = true, showsHours: Bool = true
    ) { content = "timer" }

    public func draw() { Drawing.add(text: content) }
}

/// https://developer.apple.com/documentation/swiftui/image
public struct Image: Primitive {
    private let name: String

    /// https://developer.apple.com/documentation/swiftui/image/init(systemname:)
    public nonisolated init(systemName: String) { name = systemName }

    public func draw() { Drawing.add(image: name) }
}

/// https://developer.apple.com/documentation/swiftui/spacer
public struct Spacer: Primitive {
    /// https://developer.apple.com/documentation/swiftui/spacer/init(minlength:)
    public nonisolated init() {}
}

/// https://developer.apple.com/documentation/swiftui/buttonrole
public struct ButtonRole: Sendable {
    /// https://developer.apple.com/documentation/swiftui/buttonrole/destructive
    public static let destructive = Self()
}

/// https://developer.apple.com/documentation/swiftui/button
public struct Button<Label: View>: Primitive {
    private let action: @MainActor () -> Void
    private let label: Label

    /// https://developer.apple.com/documentation/swiftui/button/init(role:action:label:)
    public init(role: ButtonRole? = nil, action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Label) {
        self.action = action
        self.label = label()
    }

    public func draw() { Drawing.add(button: action) { label.drawn() } }
}

/// https://developer.apple.com/documentation/swiftui/progressview
public struct ProgressView: Primitive {
    /// https://developer.apple.com/documentation/swiftui/progressview/init()
    public nonisolated init() {}
    /// https://developer.apple.com/documentation/swiftui/progressview/init(value:total:)
    public nonisolated init(value: Double?, total: Double) {}
}

/// https://developer.apple.com/documentation/swiftui/circle
public struct Circle: Primitive {
    public nonisolated init() {}
    /// https://developer.apple.com/documentation/swiftui/shape/fill(_:style:)
    public func fill(_ color: Color) -> some View { Modified(content: self) }
}
