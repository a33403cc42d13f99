import Foundation

/// https://developer.apple.com/documentation/swiftui/horizontalalignment
public struct HorizontalAlignment: Sendable {
    /// https://developer.apple.com/documentation/swiftui/horizontalalignment/leading
    public static let leading = Self()
    /// https://developer.apple.com/documentation/swiftui/horizontalalignment/center
    public static let center = Self()
}

/// https://developer.apple.com/documentation/swiftui/vstack
public struct VStack<Content: View>: Primitive {
    private let content: Content

    /// https://developer.apple.com/documentation/swiftui/vstack/init(alignment:spacing:content:)
    public init(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {
        self.content = content()
    }

    public func draw() { content.drawn() }
}

/// https://developer.apple.com/documentation/swiftui/hstack
public struct HStack<Content: View>: Primitive {
    private let content: Content

    /// https://developer.apple.com/documentation/swiftui/hstack/init(alignment:spacing:content:)
    public init(spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) { self.content = content() }

    public func draw() { content.drawn() }
}

/// https://developer.apple.com/documentation/swiftui/list
public struct List<Content: View>: Primitive {
    private let content: Content

    /// https://developer.apple.com/documentation/swiftui/list/init(content:)
    public init(@ViewBuilder content: () -> Content) { self.content = content() }

    public func draw() { content.drawn() }
}

/// https://developer.apple.com/documentation/swiftui/section
public struct Section<Header: View, Content: View>: Primitive {
    private let header: Header
    private let content: Content

    /// https://developer.apple.com/documentation/swiftui/section/init(content:header:)
    public init(@ViewBuilder content: () -> Content, @ViewBuilder header: () -> Header) {
        self.header = header()
        self.content = content()
    }

    public func draw() {
        header.drawn()
        content.drawn()
    }
}

/// https://developer.apple.com/documentation/swiftui/foreach
public struct ForEach<Data: RandomAccessCollection, ID: Hashable, Content: View>: Primitive {
    private let data: Data
    private let content: (Data.Element) -> Content

    /// https://developer.apple.com/documentation/swiftui/foreach/init(_:id:content:)
    public init(_ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> Content) {
        self.data = data
        self.content = content
    }

    public func draw() { for element in data { content(element).drawn() } }
}
