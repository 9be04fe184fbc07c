package import AttentionEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where a checkpoint's small files are written to.
package enum OutputFolder {
    /// Makes a folder, and those that it is in, where there is none.
    ///
    /// - Throws: `InputError` if that cannot be.
    package static func make(_ folder: String) throws(InputError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw InputError(
                folder, found: "a folder that cannot be made", needed: "one to write to",
                remedy: "Name one in a place that you may write to")
        }
    }

    /// Writes a file, which appears whole or not at all.
    ///
    /// - Throws: `InputError` if it cannot be written.
    package static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(InputError) {
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw InputError(
                path, found: "a file that cannot be written", needed: "room for it",
                remedy: "Free space, or name another folder")
        }
    }
}

extension Checkpoint {
    /// Writes all files of the checkpoint's folder but those of weights and hidden ones to another.
    ///
    /// What a training run has written about itself stays where it is.
    ///
    /// - Parameter changed: the bytes to write of each file.
    /// - Throws: `InputError` if a file cannot be read or written.
    package func copyOtherFiles(to folder: String, changed: (_ name: String, _ bytes: [UInt8]) -> [UInt8] = { $1 }) throws {
        for name in Paths.contents(self.folder) {
            let isWeights = Self.weightsEndings.contains { name.hasSuffix($0) }
            guard !isWeights, !name.hasPrefix("."), !Self.runFiles.contains(name), hasFile(name) else { continue }
            let bytes = try RegularFile(path(of: name)).bytes(atMost: .max)
            try OutputFolder.write(changed(name, bytes), to: "\(folder)/\(name)")
        }
    }

    /// How the files of weights end, those of other frameworks too, which a changed model does not belong to.
    private static let weightsEndings = [
        ".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".h5", ".msgpack", ".ot", ".onnx", ".gguf",
    ]

    /// The files of a training run that are none of the model.
    package static let runFiles: Set = ["recipe.yaml", "training-log.jsonl", "training-curves.png", "spelling.json"]
}
