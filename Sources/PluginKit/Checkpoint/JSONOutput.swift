#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files of JSON as transformers writes them: sorted and indented.
package enum JSONOutput {
    /// - Throws: `InputError` if it cannot be written.
    package static func write(_ value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try OutputFolder.write(encoder.encode(value) + Data("\n".utf8), to: path)
    }
}
