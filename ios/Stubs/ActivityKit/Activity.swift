import Foundation
import Recording

/// https://developer.apple.com/documentation/activitykit/activityattributes
public protocol ActivityAttributes: Decodable, Encodable {
    /// https://developer.apple.com/documentation/activitykit/activityattributes/contentstate
    associatedtype ContentState: Decodable, Encodable, Hashable
}

/// https://developer.apple.com/documentation/activitykit/activitycontent
public struct ActivityContent<State: Decodable & Encodable & Hashable> {
    /// https://developer.apple.com/documentation/activitykit/activitycontent/state
    public var state: State
    /// https://developer.apple.com/documentation/activitykit/activitycontent/staledate
    public var staleDate: Date?

    /// https://developer.apple.com/documentation/activitykit/activitycontent/init(state:staledate:relevancescore:)
    public init(state: State, staleDate: Date?, relevanceScore: Double = 0) {
        self.state = state
        self.staleDate = staleDate
    }
}

extension ActivityContent: Sendable where State: Sendable {}

/// https://developer.apple.com/documentation/activitykit/activityuidismissalpolicy
public struct ActivityUIDismissalPolicy: Equatable, Sendable {
    /// https://developer.apple.com/documentation/activitykit/activityuidismissalpolicy/immediate
    public static let immediate = Self()
}

/// https://developer.apple.com/documentation/activitykit/pushtype
public struct PushType: Sendable {}

/// https://developer.apple.com/documentation/activitykit/activityauthorizationinfo
public final class ActivityAuthorizationInfo {
    /// https://developer.apple.com/documentation/activitykit/activityauthorizationinfo/init()
    public init() {}

    /// https://developer.apple.com/documentation/activitykit/activityauthorizationinfo/areactivitiesenabled
    public final var areActivitiesEnabled: Bool { ActivityRecord.current.state.withLock { $0.areEnabled } }
}

/// https://developer.apple.com/documentation/activitykit/activity
public final class Activity<Attributes: ActivityAttributes>: Identifiable, @unchecked Sendable {
    /// https://developer.apple.com/documentation/activitykit/activity/id
    public let id: String
    /// https://developer.apple.com/documentation/activitykit/activity/attributes
    public let attributes: Attributes
    /// https://developer.apple.com/documentation/activitykit/activity/content
    public var content: ActivityContent<Attributes.ContentState> { shown.withLock { $0 } }

    private let shown: Recorded<ActivityContent<Attributes.ContentState>>

    private init(id: String, attributes: Attributes, content: ActivityContent<Attributes.ContentState>) {
        self.id = id
        self.attributes = attributes
        shown = Recorded(content)
    }

    /// https://developer.apple.com/documentation/activitykit/activity/activities
    public static var activities: [Activity<Attributes>] {
        ActivityRecord.current.state.withLock { $0.activities.compactMap { $0 as? Activity<Attributes> } }
    }

    /// https://developer.apple.com/documentation/activitykit/activity/request(attributes:content:pushtype:)
    public static func request(
        attributes: Attributes,
        content: ActivityContent<Attributes.ContentState>,
        pushType: PushType? = nil
    ) throws -> Activity<Attributes> {
        ActivityRecord.current.state.withLock { state in
            state.deeds.append("request")
            let activity = Activity(id: "activity \(state.deeds.count)", attributes: attributes, content: content)
            state.activities.append(activity)
            return activity
        }
    }

    /// https://developer.apple.com/documentation/activitykit/activity/update(_:)
    public func update(_ content: ActivityContent<Attributes.ContentState>) async {
        shown.withLock { $0 = content }
        ActivityRecord.current.state.withLock { $0.deeds.append("update") }
    }

    /// https://developer.apple.com/documentation/activitykit/activity/end(_:dismissalpolicy:)
    public func end(
        _ content: ActivityContent<Attributes.ContentState>?,
        dismissalPolicy: ActivityUIDismissalPolicy
    ) async {
        ActivityRecord.current.state.withLock { state in
            state.deeds.append("end")
            state.activities.removeAll { ($0 as? Activity<Attributes>)?.id == id }
        }
    }
}

/// What a test reads of the activities, and says in the user's place; each task has the one that it was given.
package final class ActivityRecord: Sendable {
    package struct State {
        package var areEnabled = true
        package var deeds: [String] = []
        fileprivate var activities: [Any] = []
    }

    @TaskLocal package static var current = ActivityRecord()

    package let state = Recorded(State())

    package init() {}
}
