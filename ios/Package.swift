// swift-tools-version: 6.0

import Foundation
import PackageDescription

// The library behind the bindings: the xcframework that lies here, else the released one that a file names (its address and its checksum, a
// line each), else what the linker finds. Linux can use no xcframework.
let ffi = "CountersignFFI"
let place = "\(Context.packageDirectory)/\(ffi)"
let isHere = FileManager.default.fileExists(atPath: place + ".xcframework")
var library = isHere ? Target.binaryTarget(name: ffi, path: ffi + ".xcframework") : .systemLibrary(name: ffi)
#if !os(Linux)
    if !isHere, let release = try? String(contentsOfFile: place + ".release", encoding: .utf8).split(separator: "\n") {
        library = .binaryTarget(name: ffi, url: String(release[0]), checksum: String(release[1]))
    }
#endif
let linked: [LinkerSetting] = library.type == .binary ? [] : [.linkedLibrary("countersign")]

let package = Package(
    name: "Countersign",
    defaultLocalization: "en",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "Countersign", targets: ["Countersign"]),
        .library(name: "CountersignShell", targets: ["CountersignShell"]),
        .library(name: "CountersignUI", targets: ["CountersignUI"]),
    ],
    targets: [
        library,
        // Generated code, apart: the compiler of Swift 6.0 crashes on it in Swift 6 mode.
        .target(
            name: "CountersignBindings",
            dependencies: ["CountersignFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: linked
        ),
        .target(name: "Countersign", dependencies: ["CountersignBindings"]),
        .target(name: "Fakes", dependencies: ["Countersign"], path: "Tests/Fakes"),
        .testTarget(name: "CountersignTests", dependencies: ["Countersign", "Fakes", "Snippets"]),
        // The code of docs/embedding-ios.md: that it compiles is its test.
        .target(name: "Snippets", dependencies: ["Countersign"], path: "Tests/Snippets"),
        .executableTarget(
            name: "CoSignerProgram", dependencies: ["Countersign", "Fakes"], path: "Tests/CoSignerProgram"),
        .executableTarget(name: "Undocumented", path: "Tests/Undocumented"),
        .executableTarget(name: "Bench", dependencies: ["Countersign", "Fakes"], path: "Tests/Bench"),
    ],
    swiftLanguageModes: [.v6]
)

// Linux has none of Apple's frameworks: targets of their names take their place there, and record what they are told.
var frameworks: [Target.Dependency] = []
var settings: [SwiftSetting] = []
#if os(Linux)
    let stubs = [
        "UserNotifications", "BackgroundTasks", "UIKit", "Network", "Security", "LocalAuthentication", "ActivityKit",
        "SwiftUI", "AlarmKit", "Accessibility", "WidgetKit",
    ]
    settings = [.define("STUBS")]
    frameworks = stubs.map { .byName(name: $0) }
    package.targets.append(.target(name: "Recording", path: "Stubs/Recording"))
    let needs: [String: [Target.Dependency]] = [
        "LocalAuthentication": ["Recording", "Security"], "AlarmKit": ["Recording", "SwiftUI"],
        "WidgetKit": ["ActivityKit", "SwiftUI"],
    ]
    for stub in stubs {
        package.targets.append(
            .target(name: stub, dependencies: needs[stub, default: ["Recording"]], path: "Stubs/\(stub)"))
    }
    package.targets.append(
        .testTarget(
            name: "CountersignShellTests",
            dependencies: ["CountersignShell", "CountersignUI", "Fakes", "Recording"] + frameworks))
#endif
package.targets.append(
    .target(
        name: "CountersignShell", dependencies: ["Countersign"] + frameworks, resources: [.process("Resources")],
        swiftSettings: settings))
package.targets.append(
    .target(name: "CountersignUI", dependencies: ["Countersign"] + frameworks))
#if os(Linux)
    // The sample is an app of Xcode's elsewhere; here it is only compiled.
    package.targets.append(
        .executableTarget(
            name: "SampleApp", dependencies: ["CountersignShell", "CountersignUI"] + frameworks, path: "Sample/App",
            exclude: ["Info.plist", "Wallet.entitlements", "PrivacyInfo.xcprivacy"]))
    package.targets.append(
        .executableTarget(
            name: "SampleWidget", dependencies: ["CountersignShell"] + frameworks, path: "Sample/Widget",
            exclude: ["Info.plist"]))
    package.targets.append(
        .target(
            name: "SamplePushService", dependencies: ["CountersignShell"] + frameworks, path: "Sample/PushService",
            exclude: ["Info.plist", "PushService.entitlements"]))
#endif
