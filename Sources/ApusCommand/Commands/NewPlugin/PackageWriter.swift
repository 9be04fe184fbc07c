import AttentionEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes the files of a new package, and nothing over files that are there.
struct PackageWriter {
    private let folder: String

    /// - Throws: `InputError` if there is something in the folder.
    init(_ folder: String) throws {
        self.folder = folder
        guard FileManager.default.fileExists(atPath: folder) else { return }
        guard let contents = try? FileManager.default.contentsOfDirectory(atPath: folder), contents.isEmpty else {
            throw InputError(
                folder, found: "something there already", needed: "a folder that is new or empty",
                remedy: "Name another with --output")
        }
    }

    /// - Parameters:
    ///   - files: contents by path in the folder.
    ///   - weights: a safetensors file beside them.
    /// - Throws: `InputError` naming the file that cannot be written.
    func write(_ files: [String: [UInt8]], weights: (path: String, tensors: [(name: String, tensor: Tensor)])) throws {
        for (path, contents) in files.sorted(by: { $0.key < $1.key }) {
            try makeFolder(of: path)
            do { try Data(contents).write(to: URL(fileURLWithPath: "\(folder)/\(path)")) } catch { throw failure(path) }
        }
        try makeFolder(of: weights.path)
        try SafetensorsWriter.write(weights.tensors, to: "\(folder)/\(weights.path)")
    }

    private func makeFolder(of path: String) throws {
        let parent = URL(fileURLWithPath: "\(folder)/\(path)").deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(atPath: parent.path, withIntermediateDirectories: true)
        } catch {
            throw failure(path)
        }
    }

    private func failure(_ path: String) -> InputError {
        InputError(
            "\(folder)/\(path)", found: "no way to write it", needed: "a folder that may be written to",
            remedy: "Check its owner and mode, and that the disk is not full")
    }
}

/// The random weights of a new plugin's model, the same each time.
enum StarterWeights {
    static let width = 16, layers = 1, innerWidth = 32, patch = 16, patchCount = 16

    static func tensors(labels: Int) -> [(name: String, tensor: Tensor)] {
        var state: UInt64 = 1
        func random(_ shape: [Int]) -> Tensor {
            let scale = 1.7 / Float(shape.last ?? 1).squareRoot()
            let values = (0..<shape.reduce(1, *)).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return scale * (Float(state >> 40) / Float(1 << 23) - 1)
            }
            return Tensor(values, shape: shape)
        }
        func linear(_ name: String, _ inputs: Int, _ outputs: Int) -> [(String, Tensor)] {
            [("\(name).weight", random([outputs, inputs])), ("\(name).bias", Tensor(repeating: 0, shape: [outputs]))]
        }
        func norm(_ name: String) -> [(String, Tensor)] {
            [
                ("\(name).weight", Tensor(repeating: 1, shape: [width])),
                ("\(name).bias", Tensor(repeating: 0, shape: [width])),
            ]
        }
        var tensors = linear("projection", patch, width) + [("positions", random([patchCount, width]))]
        for layer in (0..<layers).map({ "layers.\($0)" }) {
            for part in ["query", "key", "value", "output"] { tensors += linear("\(layer).\(part)", width, width) }
            tensors += linear("\(layer).inner", width, innerWidth) + linear("\(layer).outer", innerWidth, width)
            tensors += norm("\(layer).attention_norm") + norm("\(layer).feed_forward_norm")
        }
        return tensors + norm("norm") + linear("classifier", width, labels)
    }
}
