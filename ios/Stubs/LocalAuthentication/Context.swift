import Foundation
import Recording
import Security

/// https://developer.apple.com/documentation/localauthentication/lacontext
open class LAContext: NSObject {
    override public init() {}

    /// https://developer.apple.com/documentation/localauthentication/lacontext/evaluateaccesscontrol(_:operation:localizedreason:reply:)
    open func evaluateAccessControl(
        _ accessControl: SecAccessControl,
        operation: LAAccessControlOperation,
        localizedReason: String
    ) async throws -> Bool {
        try AuthenticationRecord.current.state.withLock { state in
            state.reasons.append(localizedReason)
            if let refusal = state.refusal { throw refusal }
            return true
        }
    }
}

/// https://developer.apple.com/documentation/localauthentication/laaccesscontroloperation
public enum LAAccessControlOperation: Int, Sendable {
    case useItem = 2
}

/// https://developer.apple.com/documentation/localauthentication/laerror-swift.struct
public struct LAError: Error, Equatable, Sendable {
    /// https://developer.apple.com/documentation/localauthentication/laerror-swift.struct/code
    public enum Code: Int, CaseIterable, Sendable {
        case authenticationFailed = -1
        case userCancel = -2
        case userFallback = -3
        case systemCancel = -4
        case passcodeNotSet = -5
        case biometryNotAvailable = -6
        case biometryNotEnrolled = -7
        case biometryLockout = -8
        case appCancel = -9
        case invalidContext = -10
        case notInteractive = -1_004
    }

    public let code: Code

    public init(_ code: Code) { self.code = code }
}

/// What a test reads of the prompts, and says in the user's place; each task has the one that it was given.
package final class AuthenticationRecord: Sendable {
    package struct State {
        package var reasons: [String] = []
        package var refusal: LAError?
    }

    @TaskLocal package static var current = AuthenticationRecord()

    package let state = Recorded(State())

    package init() {}
}
