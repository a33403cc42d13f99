import Countersign
import Foundation
import Testing

@Suite struct CorpusTests {
    @Test func everyShellDoesTheSameForTheSamePlan() throws {
        let corpus = try Corpus.read()
        #expect(corpus.cases.count > 10)
        for one in corpus.cases {
            let placeOf: (PlannedNotification) -> String = one.bySlot ? { $0.slot } : { $0.key }
            let operations = PlanReconciler.reconcile(
                try one.plan.plan(),
                with: try one.held.held(),
                prescheduled: one.capabilities.canPreschedule,
                placeOf: placeOf
            )
            #expect(operations.map(Corpus.name(of:)) == one.operations, "\(one.name)")
        }
    }
}

/// The cases that the shells of all languages are held to.
private struct Corpus: Decodable {
    struct Case: Decodable {
        let name: String
        let bySlot: Bool
        let capabilities: Platform
        let held: StoredHeld
        let plan: StoredPlan
        let operations: [[String: String]]
    }

    struct Platform: Decodable {
        let canPreschedule: Bool
    }

    struct StoredHeld: Decodable {
        struct Content: Decodable {
            let key: String
            let hash: String
        }

        let pending: [String: String]
        let shown: [String: Content]

        func held() throws -> Held {
            Held(
                pending: try pending.mapValues { try #require(UInt64($0)) },
                shown: try shown.mapValues { .init(key: $0.key, contentHash: try #require(UInt64($0.hash))) }
            )
        }
    }

    let cases: [Case]

    static func read() throws -> Corpus {
        let beside = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../tests/plan/corpus.json").standardized.path
        let path = ProcessInfo.processInfo.environment["COUNTERSIGN_CORPUS"] ?? beside
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Corpus.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    static func name(of operation: PlanOperation) -> [String: String] {
        switch operation {
        case .hold(let item): ["hold": item.key]
        case .release(let key): ["release": key]
        case .show(let item): ["show": item.key]
        case .update(let item): ["update": item.key]
        case .takeAway(let place): ["take_away": place]
        }
    }
}

private struct StoredPlan: Decodable {
    struct Item: Decodable {
        let key: String
        let slot: String
        let notice: StoredNotice
        let due: String
        let fireInMs: UInt64
        let fireAt: UInt64
        let removeInMs: UInt64?
        let countdownToInMs: UInt64?
        let importance: String
        let sticky: Bool
        let message: StoredMessage
        let redacted: String
        let actions: [String]
        let link: Link
        let rank: UInt8
        let contentHash: String
    }

    struct StoredNotice: Decodable {
        let kind: String
        let thresholdMs: UInt64?
    }

    struct StoredMessage: Decodable {
        struct Argument: Decodable {
            let name: String?
            let count: UInt64?
        }

        let key: String
        let args: [Argument]
    }

    struct Link: Decodable {
        let wallet: String
        let session: String
    }

    let revision: String
    let truncated: Bool
    let items: [Item]

    func plan() throws -> Plan {
        Plan(revision: try #require(UInt64(revision)), items: try items.map { try $0.item() }, truncated: truncated)
    }
}

extension StoredPlan.Item {
    fileprivate func item() throws -> PlannedNotification {
        PlannedNotification(
            key: key,
            slot: slot,
            notice: try notice.notice(),
            due: try named(due, ["later": .later, "now": .now, "shown": .shown]),
            fireInMs: fireInMs,
            fireAt: fireAt,
            removeInMs: removeInMs,
            countdownToInMs: countdownToInMs,
            importance: try named(
                importance, ["silent": .silent, "default": .default, "time_sensitive": .timeSensitive]),
            sticky: sticky,
            message: try message.message(),
            redacted: try #require(MessageKey.named(redacted)),
            actions: try actions.map { action in
                let all: [String: Action] = [
                    "view": .view, "dismiss": .dismiss, "approve": .approve, "reject": .reject, "extend": .extend,
                ]
                return try named(action, all)
            },
            link: DeepLink(wallet: link.wallet, session: link.session),
            rank: rank,
            contentHash: try #require(UInt64(contentHash))
        )
    }
}

extension StoredPlan.StoredNotice {
    fileprivate func notice() throws -> Notice {
        if let thresholdMs { return .warning(thresholdMs: thresholdMs) }
        return try named(kind, ["request": .request, "ongoing": .ongoing, "expired": .expired])
    }
}

extension StoredPlan.StoredMessage {
    fileprivate func message() throws -> Message {
        let args = try args.map { argument -> Arg in
            if let name = argument.name { return .name(name) }
            return .count(try #require(argument.count))
        }
        return Message(key: try #require(MessageKey.named(key)), args: args)
    }
}

private func named<Value>(_ name: String, _ values: [String: Value]) throws -> Value {
    try #require(values[name], "\(name) is not known here")
}
