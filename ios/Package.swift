// swift-tools-version: 6.0

import Foundation
import PackageDescription

// The library behind the bindings: the xcframework if there is one, else what the linker finds.
let framework = "CountersignFFI.xcframework"
let isPacked = FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(framework)")
let library =
    isPacked
    ? Target.binaryTarget(name: "CountersignFFI", path: framework) : Target.systemLibrary(name: "CountersignFFI")
let linked: [LinkerSetting] = isPacked ? [] : [.linkedLibrary("countersign")]

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
        "SwiftUI",
    ]
    settings = [.define("STUBS")]
    frameworks = stubs.map { .byName(name: $0) }
    package.targets.append(.target(name: "Recording", path: "Stubs/Recording"))
    let needs: [String: [Target.Dependency]] = ["LocalAuthentication": ["Recording", "Security"]]
    for stub in stubs {
        package.targets.append(
            .target(name: stub, dependencies: needs[stub, default: ["Recording"]], path: "Stubs/\(stub)"))
    }
    package.targets.append(
        .testTarget(
            name: "CountersignShellTests", dependencies: ["CountersignShell", "Fakes", "Recording"] + frameworks))
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
        .target(
            name: "SamplePushService", dependencies: ["CountersignShell"] + frameworks, path: "Sample/PushService",
            exclude: ["Info.plist"]))
#endif
