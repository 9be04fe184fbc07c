import Foundation
import Testing

@testable import AttentionEngine

/// A stack from `Tests/Fixtures/transformer` with what the reference computes.
struct TransformerFixture {
    let file: SafetensorsFile
    let inputs: Tensor
    let visible: Tensor?

    static func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/transformer/\(name).safetensors").path
    }

    init(_ name: String) throws {
        file = try SafetensorsFile(Self.path(name))
        inputs = try #require(try file.tensor(named: "inputs_embeds"))
        visible = try file.tensor(named: "attention_mask")
    }

    /// Runs the stack and compares every hidden state and the output, within 1e-5 of the largest magnitude; then asks
    /// for the first positions alone, which must not differ from those of all.
    func check(
        _ configuration: TransformerConfiguration, _ names: TransformerNames, path: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let transformer = try Transformer(configuration, Weights(file)[path], names: names)
        var states: [(String, Tensor)] = []
        let output = try transformer.encode(inputs, visible: visible) { states.append(("hidden.\($0)", $1)) }
        #expect(states.count == configuration.layerCount + 1, sourceLocation: sourceLocation)
        for (name, state) in states + [("output", output)] {
            let expected = try #require(try file.tensor(named: name))
            #expect(state.shape == expected.shape, sourceLocation: sourceLocation)
            let difference = largestDifference(state.floats, expected.floats)
            #expect(difference <= 1e-5, "\(name) is off by \(difference) of its largest", sourceLocation: sourceLocation)
        }
        for count in [1, 3, inputs.shape[1], inputs.shape[1] + 5] {
            let first = try transformer.encode(inputs, visible: visible, needed: .first(count))
            let expected = output.sliced(0..<min(count, inputs.shape[1]), along: 1)
            #expect(first.shape == expected.shape, sourceLocation: sourceLocation)
            let difference = largestDifference(first.floats, expected.floats)
            #expect(difference <= 2e-6, "the first \(count) are off by \(difference)", sourceLocation: sourceLocation)
        }
    }
}

/// The largest difference, as a part of the largest magnitude expected.
func largestDifference(_ found: [Float], _ expected: [Float]) -> Float {
    let differences = zip(found, expected).map { abs($0 - $1) }
    // NaN would lose every comparison.
    if differences.contains(where: { !$0.isFinite }) { return .infinity }
    return (differences.max() ?? 0) / (expected.map { abs($0) }.max() ?? 1)
}
