import Countersign
import Fakes
import Foundation
import Testing

@Suite struct NotificationTests {
    private let composer = NotificationComposer(resources: PlainResources())

    @Test func aRequestSaysWhoAsksAndOnALockedScreenNothing() {
        let message = Message(key: .requestFrom, args: [.name("Ada\u{202E}\n Lovelace")])
        var item = PlannedNotification.make(
            "s1:request", due: .now, importance: .timeSensitive, sticky: true, message: message,
            removeInMs: 9_000, countdownToInMs: 5_000)
        item.fireAt = 1_000_000

        let composed = composer.compose(item)

        #expect(composed.body == Phrase("message_request_from", [.words("\u{2068}Ada Lovelace\u{2069}")]))
        #expect(composed.publicBody == Phrase("message_request_redacted"))
        #expect(composed.title == Phrase("title_request") && composed.category == .request)
        #expect(composed.isSticky && !composed.isSilent && !composed.isOngoing)
        #expect(composed.countdownTo == 1_005_000 && composed.removeInMs == 9_000)
        #expect(composed.key == "s1:request" && composed.thread == "s1" && composed.opens == item.link)
    }

    @Test func aWarningOfLaterCountsDownFromNow() {
        var item = PlannedNotification.make(
            "s1:warning60000", due: .later, notice: .warning(thresholdMs: 60_000),
            message: Message(key: .expiringMinutes, args: [.count(1)]), redacted: .expiringRedacted,
            fireInMs: 240_000, countdownToInMs: 300_000)
        item.fireAt = 1_240_000

        let composed = composer.compose(item)

        #expect(composed.body == Phrase("message_expiring_minutes", count: 1))
        #expect(composed.fireInMs == 240_000 && composed.countdownTo == 1_300_000)
        #expect(composed.category == .warning && composed.title == Phrase("title_warning"))
    }

    @Test func whatIsShownAlreadyMakesNoSound() {
        #expect(composer.compose(.make("s1:request", due: .shown)).isSilent)
        #expect(composer.compose(.make("s1:ongoing", due: .now, notice: .ongoing, importance: .silent)).isSilent)
        #expect(composer.compose(.make("s1:ongoing", due: .now, notice: .ongoing)).isOngoing)
    }

    @Test func everyActionButDismissOpensTheSession() {
        let item = PlannedNotification.make(
            "s1:request", due: .now, actions: [.view, .dismiss, .approve, .reject, .extend])

        let actions = composer.compose(item).actions

        #expect(actions.map(\.opens) == [item.link, nil, item.link, item.link, item.link])
        #expect(
            actions.map(\.label.resource) == [
                "action_view", "action_dismiss", "action_approve", "action_reject", "action_extend",
            ])
    }

    @Test func severalNamesAreOneArgumentAndNobodyIsNobody() {
        let names: [Arg] = [.name("Ada"), .name("\u{7}"), .name(String(repeating: "x", count: 99))]
        let item = PlannedNotification.make("s1:request", due: .now, message: Message(key: .cannotReach, args: names))

        let joined =
            "\u{2068}Ada\u{2069} + \u{2068}anonymous\u{2069} + \u{2068}\(String(repeating: "x", count: 64))\u{2069}"
        #expect(composer.compose(item).body == Phrase("message_cannot_reach", [.words(joined)]))
    }

    @Test func aSentenceOfTwoNumbersTakesItsPluralFromTheFirst() {
        let message = Message(key: .ongoing, args: [.count(1), .count(3)])
        let body = composer.compose(.make("s1:ongoing", due: .now, notice: .ongoing, message: message)).body

        #expect(body == Phrase("message_ongoing", [.count(1), .count(3)], quantity: 1))
        #expect(body.resolved(by: PlainResources()) == "message_ongoing count(1) count(3)")
    }

    @Test func everySentenceHasAResourceOfItsOwn() {
        let resources = MessageKey.all.map(\.resource)
        #expect(Set(resources).count == 21)
        #expect(resources.allSatisfy { $0.hasPrefix("message_") && $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }
}

@Suite struct ActionRouterTests {
    private static let link = DeepLink(
        wallet: String(repeating: "a1", count: 32), session: String(repeating: "f3", count: 32))
    private static let key = "s" + String(repeating: "f3", count: 16) + ":request"

    @Test(arguments: [
        ("view", Route.open(link)), ("approve", .open(link)), ("reject", .open(link)), ("extend", .open(link)),
        (ActionRouter.systemDefault, .open(link)), ("connect", .connect(link)), ("dismiss", .dismiss(key)),
        (ActionRouter.systemDismiss, .dismiss(key)),
    ])
    func everyActionLeadsSomewhere(action: String, route: Route) {
        let response = NotificationResponse(action: action, key: Self.key, link: Self.link.url)
        #expect(ActionRouter.route(response) == route)
    }

    @Test func whatIsUnknownOrNotAsWeMadeItLeadsNowhere() {
        let url = Self.link.url
        let faulty = [
            NotificationResponse(action: "sign", key: Self.key, link: url),
            NotificationResponse(action: "", key: Self.key, link: url),
            NotificationResponse(action: "view", key: "", link: url),
            NotificationResponse(action: "view", key: "s" + String(repeating: "00", count: 16) + ":request", link: url),
            NotificationResponse(action: "view", key: Self.key + String(repeating: "x", count: 64), link: url),
            NotificationResponse(action: "view", key: Self.key, link: ""),
            NotificationResponse(action: "view", key: Self.key, link: url + "/"),
            NotificationResponse(action: "view", key: Self.key, link: url.uppercased()),
            NotificationResponse(
                action: "view", key: Self.key, link: url.replacingOccurrences(of: "wallet", with: "x")),
            NotificationResponse(action: "view", key: Self.key, link: "https" + url.dropFirst("countersign".count)),
        ]
        for response in faulty { #expect(ActionRouter.route(response) == nil, "\(response)") }
    }
}
