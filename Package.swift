// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "apus",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Apus", targets: ["Apus"]),
        .library(name: "PluginKit", targets: ["PluginKit"]),
        .library(name: "ApusCommand", targets: ["ApusCommand"]),
        .library(name: "PluginKitTesting", targets: ["PluginKitTesting"]),
        .library(name: "AttentionEngine", targets: ["AttentionEngine"]),
        .library(name: "Metrics", targets: ["Metrics"]),
        .library(name: "Training", targets: ["Training", "TrainingTasks"]),
        .executable(name: "apus", targets: ["ApusTool"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // The innermost loops, one file per instruction set, chosen at run time.
        .target(name: "CKernels", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "AttentionEngine", dependencies: ["CKernels"], swiftSettings: strict),
        .target(name: "PluginKit", dependencies: ["AttentionEngine"], swiftSettings: strict),

        // How good answers are.
        .target(name: "Metrics", dependencies: ["AttentionEngine"], swiftSettings: strict),

        // Losses, optimizers, schedules and data for training.
        .target(name: "Training", dependencies: ["AttentionEngine", "PluginKit"], swiftSettings: strict),

        // What the built-in plugins' models learn, and how new ones begin.
        .target(
            name: "TrainingTasks",
            dependencies: ["AttentionEngine", "PluginKit", "ImagePlugin", "TextPlugin", "AudioPlugin", "Metrics", "Training"],
            swiftSettings: strict),

        // What a plugin's own tests check it with.
        .target(
            name: "PluginKitTesting", dependencies: ["PluginKit", "AttentionEngine"], packageAccess: false, swiftSettings: strict),

        // The plugins see of the others only what is public, as a plugin of any other package does.
        // The image plugin and the libraries it decodes with.
        .systemLibrary(
            name: "CPNG", pkgConfig: "libpng",
            providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CJPEG", pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
        .target(name: "CImageCodecs", dependencies: ["CPNG", "CJPEG"]),
        .target(
            name: "ImagePlugin", dependencies: ["PluginKit", "AttentionEngine", "CImageCodecs"],
            path: "Plugins/Image", packageAccess: false, swiftSettings: strict),

        // The text plugin: tokenizers, and the models that read and write text.
        .target(
            name: "TextPlugin", dependencies: ["PluginKit", "AttentionEngine"], path: "Plugins/Text", packageAccess: false,
            swiftSettings: strict),

        // The audio plugin. Its libraries are looked for when they are first used, so nothing links them.
        .target(name: "CAudioCodecs", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "AudioPlugin", dependencies: ["PluginKit", "AttentionEngine", "CAudioCodecs", "CZlib"],
            path: "Plugins/Audio", packageAccess: false, swiftSettings: strict),

        // What a program imports, and the command line as a library and as a product.
        .target(
            name: "Apus",
            dependencies: ["AttentionEngine", "PluginKit", "ImagePlugin", "TextPlugin", "AudioPlugin", "StarterModels"],
            swiftSettings: strict),
        .target(
            name: "StarterModels", path: "Samples/StarterModels",
            resources: [.copy("marian-en-fr"), .copy("vit-grocery"), .copy("whisper-an4")]),
        .target(
            name: "ApusCommand",
            dependencies: [
                "Apus", "PluginKit", "AttentionEngine", "Metrics", "Training", "TrainingTasks", "CZlib",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "ApusTool", dependencies: ["ApusCommand", "Apus"], swiftSettings: strict),

        .testTarget(name: "AttentionEngineTests", dependencies: ["AttentionEngine", "CKernels"], swiftSettings: strict),
        .testTarget(
            name: "PluginKitTests", dependencies: ["PluginKit", "PluginKitTesting", "AttentionEngine"], swiftSettings: strict),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics"], swiftSettings: strict),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "TrainingTasks", "AttentionEngine", "PluginKit", "ImagePlugin", "TextPlugin", "AudioPlugin",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GuideTests",
            dependencies: ["Apus", "PluginKitTesting", "Training", "ImagePlugin", "PluginKit", "AttentionEngine"],
            swiftSettings: strict),
        .testTarget(
            name: "ImagePluginTests", dependencies: ["ImagePlugin", "PluginKit", "PluginKitTesting", "AttentionEngine"],
            swiftSettings: strict),
        // The command with a modality of its own, for tests of what only plugins can do.
        .executableTarget(
            name: "SpeechTestTool", dependencies: ["ApusCommand", "Apus", "PluginKit", "AttentionEngine"],
            path: "Tests/SpeechTestTool", swiftSettings: strict),
        .testTarget(
            name: "AudioPluginTests", dependencies: ["AudioPlugin", "PluginKit", "PluginKitTesting", "AttentionEngine"],
            swiftSettings: strict),
        .testTarget(
            name: "ApusCommandTests",
            dependencies: [
                "ApusCommand", "ApusTool", "SpeechTestTool", "Apus", "PluginKit", "AttentionEngine",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TextPluginTests", dependencies: ["TextPlugin", "PluginKit", "PluginKitTesting", "AttentionEngine"],
            swiftSettings: strict),
    ],
    cLanguageStandard: .c17
)
