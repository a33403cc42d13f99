import Foundation
import Recording

/// https://developer.apple.com/documentation/backgroundtasks/bgtaskscheduler
open class BGTaskScheduler: NSObject {
    private let record: BackgroundTaskRecord

    init(record: BackgroundTaskRecord) {
        self.record = record
    }

    /// https://developer.apple.com/documentation/backgroundtasks/bgtaskscheduler/shared
    open class var shared: BGTaskScheduler { BGTaskScheduler(record: .current) }

    /// https://developer.apple.com/documentation/backgroundtasks/bgtaskscheduler/register(fortaskwithidentifier:using:launchhandler:)
    open func register(
        forTaskWithIdentifier identifier: String,
        using queue: DispatchQueue?,
        launchHandler: @escaping (BGTask) -> Void
    ) -> Bool {
        record.register(identifier, launchHandler)
    }

    /// https://developer.apple.com/documentation/backgroundtasks/bgtaskscheduler/submit(_:)
    open func submit(_ taskRequest: BGTaskRequest) throws {
        try record.submit(taskRequest)
    }

    /// https://developer.apple.com/documentation/backgroundtasks/bgtaskscheduler/cancel(taskrequestwithidentifier:)
    open func cancel(taskRequestWithIdentifier identifier: String) {
        record.add(.cancel(identifier))
    }
}

/// https://developer.apple.com/documentation/backgroundtasks/bgtask
open class BGTask: NSObject {
    /// https://developer.apple.com/documentation/backgroundtasks/bgtask/identifier
    public let identifier: String
    /// https://developer.apple.com/documentation/backgroundtasks/bgtask/expirationhandler
    open var expirationHandler: (() -> Void)? {
        get { expiration.withLock { $0 } }
        set { expiration.withLock { $0 = newValue } }
    }

    private let expiration = Recorded<(() -> Void)?>(nil)
    private let record: BackgroundTaskRecord

    package init(identifier: String, record: BackgroundTaskRecord = .current) {
        self.identifier = identifier
        self.record = record
    }

    /// https://developer.apple.com/documentation/backgroundtasks/bgtask/settaskcompleted(success:)
    open func setTaskCompleted(success: Bool) {
        record.add(.complete(identifier, success))
    }
}

/// https://developer.apple.com/documentation/backgroundtasks/bgapprefreshtask
open class BGAppRefreshTask: BGTask {}

/// https://developer.apple.com/documentation/backgroundtasks/bgprocessingtask
open class BGProcessingTask: BGTask {}

/// https://developer.apple.com/documentation/backgroundtasks/bgtaskrequest
open class BGTaskRequest: NSObject {
    /// https://developer.apple.com/documentation/backgroundtasks/bgtaskrequest/identifier
    public let identifier: String
    /// https://developer.apple.com/documentation/backgroundtasks/bgtaskrequest/earliestbegindate
    open var earliestBeginDate: Date?

    fileprivate init(_ identifier: String) { self.identifier = identifier }
}

/// https://developer.apple.com/documentation/backgroundtasks/bgapprefreshtaskrequest
open class BGAppRefreshTaskRequest: BGTaskRequest {
    /// https://developer.apple.com/documentation/backgroundtasks/bgapprefreshtaskrequest/init(identifier:)
    public init(identifier: String) { super.init(identifier) }
}

/// https://developer.apple.com/documentation/backgroundtasks/bgprocessingtaskrequest
open class BGProcessingTaskRequest: BGTaskRequest {
    /// https://developer.apple.com/documentation/backgroundtasks/bgprocessingtaskrequest/requiresnetworkconnectivity
    open var requiresNetworkConnectivity = false

    /// https://developer.apple.com/documentation/backgroundtasks/bgprocessingtaskrequest/init(identifier:)
    public init(identifier: String) { super.init(identifier) }
}

/// https://developer.apple.com/documentation/backgroundtasks/bgcontinuedprocessingtask
open class BGContinuedProcessingTask: BGTask {
    /// https://developer.apple.com/documentation/foundation/progressreporting/progress
    public let progress = Progress(totalUnitCount: 0)
}

/// https://developer.apple.com/documentation/backgroundtasks/bgcontinuedprocessingtaskrequest
open class BGContinuedProcessingTaskRequest: BGTaskRequest {
    /// https://developer.apple.com/documentation/backgroundtasks/bgcontinuedprocessingtaskrequest/submissionstrategy
    public enum SubmissionStrategy: Int, Sendable {
        case fail, queue
    }

    /// https://developer.apple.com/documentation/backgroundtasks/bgcontinuedprocessingtaskrequest/strategy
    open var strategy = SubmissionStrategy.queue

    /// https://developer.apple.com/documentation/backgroundtasks/bgcontinuedprocessingtaskrequest/init(identifier:title:subtitle:)
    public init(identifier: String, title: String, subtitle: String) { super.init(identifier) }
}
