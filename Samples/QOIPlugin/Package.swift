// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "QOIPlugin",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "QOIPlugin", targets: ["QOIPlugin"]), .executable(name: "qoi-apus", targets: ["qoi-apus"]),
    ],
    dependencies: [.package(name: "apus", path: "../..")],
    targets: [
        .target(
            name: "QOIPlugin", dependencies: [.product(name: "Apus", package: "apus")]),
        .executableTarget(
            name: "qoi-apus",
            dependencies: [
                "QOIPlugin", .product(name: "Apus", package: "apus"), .product(name: "ApusCommand", package: "apus"),
            ]),
        .testTarget(
            name: "QOIPluginTests",
            dependencies: [
                "QOIPlugin", .product(name: "Apus", package: "apus"), .product(name: "PluginKitTesting", package: "apus"),
            ],
            exclude: ["Fixtures"]),
    ]
)
