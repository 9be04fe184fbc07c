import Foundation
import ImagePlugin
import PluginKit

/// The images beside the tests, and what the reference made of them.
enum Fixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/images")

    static func file(_ name: String) -> String { folder.appending(path: "files/\(name)").path }

    static func bytes(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: file(name)))) }

    static func table<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
    }
}

/// An image as the fixtures write it: `pixels` in Base64.
struct ExpectedImage: Decodable {
    var width: Int
    var height: Int
    var pixels: Data
}

/// Reads bytes as a file of this name.
func read(_ bytes: [UInt8], as name: String = "image", limits: ReadingLimits = ReadingLimits()) throws -> Image {
    try ImageReader().read(InputFile(name: name, bytes: bytes), limits: limits)
}
