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
public protocol Primitive: View where Body == Never {}

extension Primitive {
    public var body: Never { fatalError("a stub is not drawn") }
}

/// What a modifier makes of a view.
public struct Modified<Content: View>: Primitive {}

/// https://developer.apple.com/documentation/swiftui/tupleview
public struct TupleView<each Content: View>: Primitive {}

/// https://developer.apple.com/documentation/swiftui/emptyview
public struct EmptyView: Primitive {
    public nonisolated init() {}
}

extension Optional: View where Wrapped: View {
    public var body: Never { fatalError("a stub is not drawn") }
}

/// https://developer.apple.com/documentation/swiftui/viewbuilder
@resultBuilder @MainActor public enum ViewBuilder {
    public static func buildBlock() -> EmptyView { EmptyView() }
    public static func buildBlock<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> TupleView<repeat each Content> {
        TupleView()
    }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<First: View, Second: View>(first: First) -> Either<First, Second> { Either() }
    public static func buildEither<First: View, Second: View>(second: Second) -> Either<First, Second> { Either() }
}

/// One of two views.
public struct Either<First: View, Second: View>: Primitive {}

/// https://developer.apple.com/documentation/swiftui/text
public struct Text: Primitive {
    /// https://developer.apple.com/documentation/swiftui/text/init(verbatim:)
    public nonisolated init(verbatim content: String) {}
    /// https://developer.apple.com/documentation/swiftui/text/init(timerinterval:pausetime:countsdown:showshours:)
    public nonisolated init(
        timerInterval: ClosedRange<Date>, pauseTime: Date? = nil, countsDown: Bool = true, showsHours: Bool = true
    ) {}
}

/// https://developer.apple.com/documentation/swiftui/image
public struct Image: Primitive {
    /// https://developer.apple.com/documentation/swiftui/image/init(systemname:)
    public nonisolated init(systemName: String) {}
}

/// https://developer.apple.com/documentation/swiftui/horizontalalignment
public struct HorizontalAlignment: Sendable {
    /// https://developer.apple.com/documentation/swiftui/horizontalalignment/leading
    public static let leading = Self()
    /// https://developer.apple.com/documentation/swiftui/horizontalalignment/center
    public static let center = Self()
}

/// https://developer.apple.com/documentation/swiftui/vstack
public struct VStack<Content: View>: Primitive {
    /// https://developer.apple.com/documentation/swiftui/vstack/init(alignment:spacing:content:)
    public init(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {}
}

/// https://developer.apple.com/documentation/swiftui/hstack
public struct HStack<Content: View>: Primitive {
    /// https://developer.apple.com/documentation/swiftui/hstack/init(alignment:spacing:content:)
    public init(spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {}
}

/// https://developer.apple.com/documentation/swiftui/list
public struct List<Content: View>: Primitive {
    /// https://developer.apple.com/documentation/swiftui/list/init(content:)
    public init(@ViewBuilder content: () -> Content) {}
}

/// https://developer.apple.com/documentation/swiftui/section
public struct Section<Header: View, Content: View>: Primitive {
    /// https://developer.apple.com/documentation/swiftui/section/init(content:header:)
    public init(@ViewBuilder content: () -> Content, @ViewBuilder header: () -> Header) {}
}

/// https://developer.apple.com/documentation/swiftui/foreach
public struct ForEach<Data: RandomAccessCollection, ID: Hashable, Content: View>: Primitive {
    /// https://developer.apple.com/documentation/swiftui/foreach/init(_:id:content:)
    public init(_ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> Content) {}
}

/// https://developer.apple.com/documentation/swiftui/buttonrole
public struct ButtonRole: Sendable {
    /// https://developer.apple.com/documentation/swiftui/buttonrole/destructive
    public static let destructive = Self()
}

/// https://developer.apple.com/documentation/swiftui/button
public struct Button<Label: View>: Primitive {
    /// https://developer.apple.com/documentation/swiftui/button/init(role:action:label:)
    public init(role: ButtonRole? = nil, action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Label) {}
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
    public func fill(_ color: Color) -> some View { Modified<Self>() }
}
