// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "LlamaPlugin",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "LlamaPlugin", targets: ["LlamaPlugin"]), .executable(name: "llama-apus", targets: ["llama-apus"]),
    ],
    dependencies: [.package(name: "apus", path: "../..")],
    targets: [
        .target(
            name: "LlamaPlugin",
            dependencies: [.product(name: "AttentionEngine", package: "apus"), .product(name: "PluginKit", package: "apus")]),
        .executableTarget(
            name: "llama-apus",
            dependencies: [
                "LlamaPlugin", .product(name: "Apus", package: "apus"), .product(name: "ApusCommand", package: "apus"),
            ]),
        .testTarget(
            name: "LlamaPluginTests",
            dependencies: [
                "LlamaPlugin", .product(name: "Apus", package: "apus"), .product(name: "PluginKitTesting", package: "apus"),
            ],
            exclude: ["Fixtures"]),
    ]
)
