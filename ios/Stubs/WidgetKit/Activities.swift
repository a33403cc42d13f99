import ActivityKit
import SwiftUI

/// https://developer.apple.com/documentation/widgetkit/activityviewcontext
public struct ActivityViewContext<Attributes: ActivityAttributes> {
    /// https://developer.apple.com/documentation/widgetkit/activityviewcontext/attributes
    public let attributes: Attributes
    /// https://developer.apple.com/documentation/widgetkit/activityviewcontext/state
    public let state: Attributes.ContentState
    /// https://developer.apple.com/documentation/widgetkit/activityviewcontext/isstale
    public let isStale: Bool
}

/// https://developer.apple.com/documentation/widgetkit/activityconfiguration
public struct ActivityConfiguration<Attributes: ActivityAttributes>: WidgetConfiguration {
    /// https://developer.apple.com/documentation/widgetkit/activityconfiguration/init(for:content:dynamicisland:)
    public init<Content: View>(
        for attributesType: Attributes.Type,
        @ViewBuilder content: @escaping (ActivityViewContext<Attributes>) -> Content,
        dynamicIsland: @escaping (ActivityViewContext<Attributes>) -> DynamicIsland
    ) {}
}

/// https://developer.apple.com/documentation/widgetkit/dynamicisland
@MainActor public struct DynamicIsland {
    /// https://developer.apple.com/documentation/widgetkit/dynamicisland/init(expanded:compactleading:compacttrailing:minimal:)
    public init<Expanded, Leading: View, Trailing: View, Minimal: View>(
        @DynamicIslandExpandedContentBuilder expanded: @escaping () -> DynamicIslandExpandedContent<Expanded>,
        @ViewBuilder compactLeading: @escaping () -> Leading,
        @ViewBuilder compactTrailing: @escaping () -> Trailing,
        @ViewBuilder minimal: @escaping () -> Minimal
    ) {}
}

/// https://developer.apple.com/documentation/widgetkit/dynamicislandexpandedcontent
public struct DynamicIslandExpandedContent<Content> {}

/// https://developer.apple.com/documentation/widgetkit/dynamicislandexpandedcontentbuilder
@resultBuilder @MainActor public enum DynamicIslandExpandedContentBuilder {
    public static func buildBlock<each Content: View>(
        _ content: repeat DynamicIslandExpandedRegion<each Content>
    ) -> DynamicIslandExpandedContent<(repeat each Content)> { DynamicIslandExpandedContent() }
}

/// https://developer.apple.com/documentation/widgetkit/dynamicislandexpandedregionposition
public struct DynamicIslandExpandedRegionPosition: Sendable {
    /// https://developer.apple.com/documentation/widgetkit/dynamicislandexpandedregionposition/leading
    public static let leading = Self()
    /// https://developer.apple.com/documentation/widgetkit/dynamicislandexpandedregionposition/trailing
    public static let trailing = Self()
    /// https://developer.apple.com/documentation/widgetkit/dynamicislandexpandedregionposition/bottom
    public static let bottom = Self()
}

/// https://developer.apple.com/documentation/widgetkit/dynamicislandexpandedregion
@MainActor public struct DynamicIslandExpandedRegion<Content: View> {
    /// https://developer.apple.com/documentation/widgetkit/dynamicislandexpandedregion/init(_:priority:content:)
    public init(
        _ position: DynamicIslandExpandedRegionPosition, priority: Double = 0, @ViewBuilder content: () -> Content
    ) {}
}
