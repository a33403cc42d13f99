// swift-tools-version: 6.0

import PackageDescription

// The library behind the bindings. On Apple's systems an xcframework takes this target's place: `.binaryTarget(name:path:)`.
let library = Target.systemLibrary(name: "CountersignFFI")

let package = Package(
    name: "Countersign",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Countersign", targets: ["Countersign"])],
    targets: [
        library,
        // Generated code, apart: the compiler of Swift 6.0 crashes on it in Swift 6 mode.
        .target(
            name: "CountersignBindings",
            dependencies: ["CountersignFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: [.linkedLibrary("countersign")]
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
