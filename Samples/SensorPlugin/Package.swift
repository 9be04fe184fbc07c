// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "SensorPlugin",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "SensorPlugin", targets: ["SensorPlugin"]),
        .executable(name: "sensor-apus", targets: ["sensor-apus"]),
    ],
    dependencies: [.package(name: "apus", path: "../..")],
    targets: [
        .target(
            name: "SensorPlugin",
            dependencies: [.product(name: "AttentionEngine", package: "apus"), .product(name: "PluginKit", package: "apus")],
            resources: [.copy("sensor-activity")]),
        .executableTarget(
            name: "sensor-apus",
            dependencies: [
                "SensorPlugin", .product(name: "Apus", package: "apus"), .product(name: "ApusCommand", package: "apus"),
            ]),
        // Trains the model that comes with the plugin.
        .executableTarget(
            name: "train-sensor",
            dependencies: [
                "SensorPlugin", .product(name: "AttentionEngine", package: "apus"), .product(name: "PluginKit", package: "apus"),
                .product(name: "Training", package: "apus"),
            ]),
        .testTarget(
            name: "SensorPluginTests",
            dependencies: [
                "SensorPlugin", .product(name: "Apus", package: "apus"), .product(name: "PluginKitTesting", package: "apus"),
            ],
            exclude: ["Fixtures"]),
    ]
)
