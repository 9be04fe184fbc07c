import AttentionEngine
public import PluginKit

extension Conformance {
    /// Checks a model against what the reference computed.
    ///
    /// The file holds the inputs under the reference's argument names and the outputs under its output names: `logits`,
    /// `last_hidden_state`, `hidden.0`, …. Every tensor of numbers in it that is not an input must come out of the model.
    ///
    /// - Parameters:
    ///   - model: the model, loaded.
    ///   - golden: the path of the safetensors file.
    ///   - tolerance: the largest difference allowed, as a share of a tensor's largest magnitude.
    /// - Throws: `ConformanceFailure` naming the tensor that is missing or differs; `InputError` if the file cannot be read.
    public static func checkParity(of model: any ModelFamily, with golden: String, tolerance: Float = 1e-4) throws {
        let tensors = try SafetensorsFile(golden).tensors()
        let name = type(of: model).name
        let inputs = Set(model.exampleInputs(batchSize: 1).keys)
        let expected = tensors.filter { $0.value.elementType.isFloatingPoint && !inputs.contains($0.key) }
        try require(!expected.isEmpty, "\(name): \(golden) holds no outputs")
        let outputs = try model.forward(tensors, detail: .layers)
        for (key, tensor) in expected.sorted(by: { $0.key < $1.key }) {
            guard let found = outputs[key] else {
                let keys = outputs.keys.sorted().joined(separator: ", ")
                throw ConformanceFailure("\(name): \(key) does not come out; what does is \(keys)")
            }
            let difference = try relativeDifference(found, tensor, "\(name), \(key)")
            try require(difference <= tolerance, "\(name): \(key) differs by \(difference) of its largest magnitude")
        }
        for (key, found) in try model.forward(tensors, detail: .answer) {
            guard let tensor = outputs[key] else { continue }
            let difference = try relativeDifference(found, tensor, "\(name), \(key)")
            try require(difference <= tolerance, "\(name): \(key) is another where it alone is asked for")
        }
    }

    /// Checks that a checkpoint's model runs on its own example inputs, refuses others with a sentence, and that what the
    /// summary says comes true.
    ///
    /// - Parameters:
    ///   - folder: of the checkpoint.
    ///   - plugins: those that serve it.
    /// - Throws: `ConformanceFailure`, or the `InputError` of a checkpoint that cannot be loaded.
    public static func checkModel(in folder: String, plugins: [any Plugin.Type]) throws {
        let checkpoint = try Checkpoint(folder: folder), registry = try Registry(plugins: plugins)
        let family = try registry.family(for: checkpoint)
        let model = try registry.load(checkpoint), name = family.name
        try require(!name.isEmpty, "\(family): its name is empty")
        try require(family.modelTypes.contains(checkpoint.modelType), "\(name): it does not list \(checkpoint.modelType)")
        for task in TaskKind.common where try family.summary(of: checkpoint).tasks.contains(task.command) {
            try require(task.isDone(by: family), "\(name): its summary promises to \(task.command), and it cannot")
        }
        let inputs = model.exampleInputs(batchSize: 2)
        if inputs.isEmpty { return }
        for detail in [ForwardDetail.answer, .states, .layers] {
            let outputs = try model.forward(inputs, detail: detail)
            try require(!outputs.isEmpty, "\(name): nothing comes out for its example inputs")
            for (key, tensor) in outputs {
                try require(tensor.floats.allSatisfy(\.isFinite), "\(name): \(key) has numbers that are not finite")
            }
        }
        try expectRefusal("\(name): no inputs at all") { _ = try model.forward([:], detail: .answer) }
        for key in inputs.keys {
            for shape in [[], [1], [0, 1], [1, 1, 1, 1, 1, 1, 1]] {
                var wrong = inputs
                wrong[key] = Tensor(repeating: 0, shape: shape)
                try expectRefusal("\(name): \(key) of shape \(shape)") { _ = try model.forward(wrong, detail: .answer) }
            }
        }
    }
}
