// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "ClassifyPhoto",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "apus", path: "../..")],
    targets: [
        .executableTarget(name: "ClassifyPhoto", dependencies: [.product(name: "Apus", package: "apus")])
    ]
)
