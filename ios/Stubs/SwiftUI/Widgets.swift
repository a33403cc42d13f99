/// https://developer.apple.com/documentation/swiftui/widget
@MainActor public protocol Widget {
    associatedtype Body: WidgetConfiguration
    /// https://developer.apple.com/documentation/swiftui/widget/body-swift.property
    var body: Body { get }
    init()
}

extension Widget {
    /// https://developer.apple.com/documentation/swiftui/widget/main()
    public static func main() { _ = Self() }
}

/// https://developer.apple.com/documentation/swiftui/widgetconfiguration
@MainActor public protocol WidgetConfiguration {}
