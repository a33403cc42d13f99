import Foundation

/// https://developer.apple.com/documentation/swiftui/color
public struct Color: Primitive, Sendable {
    /// https://developer.apple.com/documentation/swiftui/color/init(hue:saturation:brightness:opacity:)
    public nonisolated init(hue: Double, saturation: Double, brightness: Double, opacity: Double = 1) {}
    nonisolated init() {}

    /// https://developer.apple.com/documentation/swiftui/color/secondary
    public nonisolated static let secondary = Color()
    /// https://developer.apple.com/documentation/swiftui/color/green
    public nonisolated static let green = Color()
    /// https://developer.apple.com/documentation/swiftui/color/orange
    public nonisolated static let orange = Color()
    /// https://developer.apple.com/documentation/swiftui/color/red
    public nonisolated static let red = Color()
    /// https://developer.apple.com/documentation/swiftui/color/white
    public nonisolated static let white = Color()
}

/// https://developer.apple.com/documentation/swiftui/font
public struct Font: Sendable {
    /// https://developer.apple.com/documentation/swiftui/font/headline
    public static let headline = Self()
    /// https://developer.apple.com/documentation/swiftui/font/subheadline
    public static let subheadline = Self()
    /// https://developer.apple.com/documentation/swiftui/font/footnote
    public static let footnote = Self()
}

/// https://developer.apple.com/documentation/swiftui/accessibilitychildbehavior
public struct AccessibilityChildBehavior: Sendable {
    /// https://developer.apple.com/documentation/swiftui/accessibilitychildbehavior/combine
    public static let combine = Self()
    /// https://developer.apple.com/documentation/swiftui/accessibilitychildbehavior/ignore
    public static let ignore = Self()
}

extension View {
    /// https://developer.apple.com/documentation/swiftui/view/font(_:)
    public func font(_ font: Font?) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/foregroundstyle(_:)
    public func foregroundStyle(_ style: Color) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/frame(width:height:alignment:)
    public func frame(width: CGFloat? = nil, height: CGFloat? = nil) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/frame(minwidth:idealwidth:maxwidth:minheight:idealheight:maxheight:alignment:)
    public func frame(minHeight: CGFloat?) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/overlay(alignment:content:)
    public func overlay<Content: View>(@ViewBuilder content: () -> Content) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/padding(_:_:)
    public func padding() -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/task(id:priority:_:)
    public func task<Value: Equatable>(id value: Value, _ action: @escaping @Sendable () async -> Void) -> some View {
        Tasked(content: self, action: action)
    }
    /// https://developer.apple.com/documentation/swiftui/view/opacity(_:)
    public func opacity(_ opacity: Double) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/disabled(_:)
    public func disabled(_ disabled: Bool) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/privacysensitive(_:)
    public func privacySensitive(_ sensitive: Bool = true) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/monospaceddigit()
    public func monospacedDigit() -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/accessibilityelement(children:)
    public func accessibilityElement(children: AccessibilityChildBehavior) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/accessibilitylabel(_:)
    public func accessibilityLabel(_ label: Text) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/accessibilityvalue(_:)
    public func accessibilityValue(_ value: Text) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/accessibilityaction(named:_:)
    public func accessibilityAction(named name: Text, _ handler: @escaping () -> Void) -> some View { Modified(content: self) }
    /// https://developer.apple.com/documentation/swiftui/view/accessibilityhidden(_:)
    public func accessibilityHidden(_ hidden: Bool) -> some View { Modified(content: self) }
}

/// A view, and what runs as long as it is seen.
struct Tasked<Content: View>: Primitive {
    let content: Content
    let action: @Sendable () async -> Void

    func draw() {
        content.drawn()
        Drawing.add(task: action)
    }
}
