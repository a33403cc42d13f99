import Foundation
import Recording
import SwiftUI

/// https://developer.apple.com/documentation/foundation/localizedstringresource
public struct LocalizedStringResource: ExpressibleByStringLiteral, Equatable, Sendable {
    package let text: String

    /// https://developer.apple.com/documentation/foundation/localizedstringresource/init(stringliteral:)
    public init(stringLiteral value: String) { text = value }
}

/// https://developer.apple.com/documentation/alarmkit/alarm
public struct Alarm: Identifiable, Sendable {
    /// https://developer.apple.com/documentation/alarmkit/alarm/schedule-swift.enum
    public enum Schedule: Equatable, Sendable {
        /// https://developer.apple.com/documentation/alarmkit/alarm/schedule-swift.enum/fixed(_:)
        case fixed(Date)
        /// https://developer.apple.com/documentation/alarmkit/alarm/schedule-swift.enum/relative(_:)
        case relative(Relative)

        /// https://developer.apple.com/documentation/alarmkit/alarm/schedule-swift.enum/relative-swift.struct
        public struct Relative: Equatable, Sendable {}
    }

    /// https://developer.apple.com/documentation/alarmkit/alarm/id-swift.property
    public let id: UUID
    /// https://developer.apple.com/documentation/alarmkit/alarm/schedule-swift.property
    public let schedule: Schedule?

    package init(id: UUID, schedule: Schedule?) {
        self.id = id
        self.schedule = schedule
    }
}

/// https://developer.apple.com/documentation/alarmkit/alarmmetadata
public protocol AlarmMetadata: Decodable, Encodable, Hashable, Sendable {}

/// https://developer.apple.com/documentation/alarmkit/alarmbutton
public struct AlarmButton: Sendable {
    package let text: LocalizedStringResource

    /// https://developer.apple.com/documentation/alarmkit/alarmbutton/init(text:textcolor:systemimagename:)
    public init(text: LocalizedStringResource, textColor: Color, systemImageName: String) { self.text = text }
}

/// https://developer.apple.com/documentation/alarmkit/alarmpresentation
public struct AlarmPresentation: Sendable {
    /// https://developer.apple.com/documentation/alarmkit/alarmpresentation/alert-swift.struct
    public struct Alert: Sendable {
        package let title: LocalizedStringResource
        package let stopButton: AlarmButton

        /// https://developer.apple.com/documentation/alarmkit/alarmpresentation/alert-swift.struct/init(title:stopbutton:secondarybutton:secondarybuttonbehavior:)
        public init(title: LocalizedStringResource, stopButton: AlarmButton) {
            self.title = title
            self.stopButton = stopButton
        }
    }

    package let alert: Alert

    /// https://developer.apple.com/documentation/alarmkit/alarmpresentation/init(alert:countdown:paused:)
    public init(alert: Alert) { self.alert = alert }
}

/// https://developer.apple.com/documentation/alarmkit/alarmattributes
public struct AlarmAttributes<Metadata: AlarmMetadata>: Sendable {
    package let presentation: AlarmPresentation

    /// https://developer.apple.com/documentation/alarmkit/alarmattributes/init(presentation:metadata:tintcolor:)
    public init(presentation: AlarmPresentation, metadata: Metadata? = nil, tintColor: Color) {
        self.presentation = presentation
    }
}
