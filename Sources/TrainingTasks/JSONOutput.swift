import AttentionEngine
import PluginKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files of JSON as transformers writes them: sorted and indented.
enum JSONOutput {
    static func write(_ value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try OutputFolder.write(encoder.encode(value) + Data("\n".utf8), to: path)
    }

    /// What a file holds.
    ///
    /// - Throws: `InputError` if it is no object.
    static func object(at path: String) throws -> [String: JSONValue] {
        let bytes = try RegularFile(path).bytes(atMost: 1 << 26)
        guard case .object(let members)? = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else {
            throw InputError(path, found: "no JSON object", needed: "one", remedy: "Fetch the file again")
        }
        return members
    }
}
