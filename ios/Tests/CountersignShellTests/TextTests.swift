import Fakes
import Foundation
import Testing

@testable import Countersign
@testable import CountersignShell

@Suite struct TextTests {
    private static let languages = ["en", "de", "ar"]

    @Test func everySentenceTheCoreHasIsThereInEveryLanguage() throws {
        let table = try Table()
        for phrase in Self.everything {
            for language in Self.languages {
                #expect(!table.forms(of: phrase, in: language).isEmpty, "\(phrase) in \(language)")
            }
        }
    }

    @Test func everyTextThatAScreenNamesIsThere() throws {
        let ios = URL(fileURLWithPath: #filePath).appending(path: "../../..").standardizedFileURL
        let table = try Table()
        var named: Set<String> = []
        for folder in ["Sources", "Sample"] {
            let root = ios.appending(path: folder)
            for file in try FileManager.default.subpathsOfDirectory(atPath: root.path) where file.hasSuffix(".swift") {
                let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
                named.formUnion(text.matches(of: /"((?:screen|row|live|vault|banner)_[a-z_]+)"/).map { String($0.1) })
            }
        }
        #expect(named.count > 20)
        #expect(named.filter { table.texts[$0] == nil }.isEmpty)
    }

    @Test func everyTextTakesTheSameArgumentsInEveryLanguageAndPlural() throws {
        let table = try Table()
        for (key, languages) in table.texts {
            #expect(Set(languages.keys) == Set(Self.languages), "\(key)")
            let forms = languages.values.flatMap { $0 }
            #expect(Set(forms.map(Self.arguments)).count == 1, "\(key): \(forms)")
        }
    }

    @Test(arguments: [
        ("message_request_from", ["1@"]), ("message_ongoing", ["1lld", "2lld"]), ("message_expiring_seconds", ["1lld"]),
        ("message_expiring_minutes", ["1lld"]), ("message_expiring_hours", ["1lld"]),
        ("message_extension_asked", ["1@"]), ("message_declined", ["1@"]), ("message_cannot_reach", ["1@"]),
        ("status_reconnecting_in", ["1lld"]), ("reason_missing", ["1lld"]), ("banner_blamed", ["1@"]),
    ])
    func whatStandsInATextIsWhatTheCoreGives(key: String, arguments: [String]) throws {
        let forms = try Table().forms(of: key, in: "en")
        #expect(!forms.isEmpty && forms.allSatisfy { Self.arguments(of: $0) == arguments })
    }

    @Test func everyOtherSentenceOfTheCoreTakesNoArgumentsAndSoDoTheRedacted() throws {
        let with: [MessageKey] = [
            .requestFrom, .ongoing, .expiringSeconds, .expiringMinutes, .expiringHours, .extensionAsked, .declined,
            .cannotReach,
        ]
        let table = try Table()
        for key in MessageKey.all where !with.contains(key) {
            #expect(table.forms(of: key.resource, in: "en").allSatisfy { Self.arguments(of: $0).isEmpty }, "\(key)")
        }
        #expect(table.texts.keys.filter { $0.hasSuffix("_redacted") }.count == 4)
    }

    @Test func everyTranslationIsMarkedForANativeSpeaker() throws {
        let table = try Table()
        for language in ["de", "ar"] { #expect(table.states[language] == ["needs_review"], "\(language)") }
        #expect(table.states["en"] == ["translated"])
    }

    @Test func arabicHasItsSixPluralsAndTheOthersTheirTwo() throws {
        let plurals = try Table().plurals
        #expect(plurals.count >= 6)
        for (key, languages) in plurals {
            #expect(languages["ar"] == ["zero", "one", "two", "few", "many", "other"], "\(key)")
            #expect(languages["en"] == ["one", "other"] && languages["de"] == ["one", "other"], "\(key)")
        }
    }

    @Test func namesAreJoinedAndArgumentsPutIn() {
        #expect(BundleResources().list(["Ada", "Bob"]) == "Ada and Bob")
        let text = BundleResources().text("%1$@ %2$lld", arguments: [.words("Ada"), .count(7)], quantity: nil)
        #expect(text == "Ada 7", "a key that is no text stands for itself")
    }

    /// The arguments of a text, in order: their number and their kind.
    private static func arguments(of text: String) -> [String] {
        let plain = text.replacingOccurrences(of: "%arg", with: "%1$lld")
        return Set(plain.matches(of: /%([0-9])\$(@|lld)/).map { "\($0.1)\($0.2)" }).sorted()
    }

    /// Every text that is asked for by what comes from the core or the system.
    private static var everything: [String] {
        let facts = PlatformFacts(
            notifications: false, background: false, timeSensitive: false, lowPower: true, alarms: false)
        let obstacles: [Obstacle] = [
            .inBackground, .noNetwork, .networkBlocked, .networkNotValidated, .noCard, .noCosigner, .notListening,
            .noRelay, .missing(cosigners: 2),
        ]
        let connectivity = Connectivity(state: .disconnected, reasons: obstacles, relays: [])
        let reasons = RunReasons.list(connectivity, facts: facts)
        var phrases = reasons.map(\.label) + reasons.compactMap(\.remedy?.label)
        phrases += [Phase.requested, .unlocking, .nonces, .partials, .ended].map(\.label)
        let next: [NextAction] = [.answer, .unlock, .open, .setClock, .connect, .agreeToExtension, .wait]
        phrases += next.map(\.label)
        let blockers: [Blocker] = [.approval, .key, .background, .clock, .company, .pause, .nonces, .partials]
        phrases += blockers.map(\.label)
        let requests: [RequestState] = [.pending, .approved, .rejected, .expired, .cancelled, .superseded]
        phrases += requests.map(\.label)
        phrases += [Action.view, .dismiss, .approve, .reject, .extend].map(\.label)
        phrases += [KeyPurpose.card, .addresses, .nonces, .sign].map(\.prompt)
        phrases += Category.allCases.map(\.title)
        phrases += Category.allCases.map(\.hiddenBody)
        let statuses = [
            "you", "unknown", "offline", "connecting", "connected_direct", "connected_lan", "connected_relay",
            "reconnecting_in", "away", "update_needed", "muted",
        ]
        var keys = phrases.map(\.resource)
        keys += MessageKey.all.map(\.resource)
        keys += statuses.map { "status_" + $0 }
        keys += ["anonymous", "banner_clock_suspect", "banner_expiring", "banner_blamed"]
        return keys
    }
}

/// The table of the app's words, as it is written.
private struct Table {
    private struct File: Decodable {
        let strings: [String: Entry]
    }

    private struct Entry: Decodable {
        let localizations: [String: Localization]
    }

    private struct Localization: Decodable {
        let stringUnit: Unit
        let substitutions: [String: Substitution]?
    }

    private struct Unit: Decodable {
        let state: String
        let value: String
    }

    private struct Substitution: Decodable {
        let argNum: Int
        let formatSpecifier: String
        let variations: [String: [String: Form]]
    }

    private struct Form: Decodable {
        let stringUnit: Unit
    }

    /// Every form of every text, by its key and language.
    private(set) var texts: [String: [String: [String]]] = [:]
    /// The plurals that a text has.
    private(set) var plurals: [String: [String: Set<String>]] = [:]
    /// How far the texts of a language are.
    private(set) var states: [String: Set<String>] = [:]

    init() throws {
        let url = URL(fileURLWithPath: #filePath).appending(path: "../../../Sources/CountersignShell/Resources")
            .appending(path: "Countersign.xcstrings").standardizedFileURL
        for (key, entry) in try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).strings {
            for (language, localization) in entry.localizations {
                let plurals = localization.substitutions?["count"]?.variations["plural"] ?? [:]
                let units = plurals.isEmpty ? [localization.stringUnit] : plurals.values.map(\.stringUnit)
                texts[key, default: [:]][language] = units.map(\.value)
                states[language, default: []].formUnion(units.map(\.state))
                if !plurals.isEmpty { self.plurals[key, default: [:]][language] = Set(plurals.keys) }
            }
        }
    }

    func forms(of key: String, in language: String) -> [String] { texts[key]?[language] ?? [] }
}
