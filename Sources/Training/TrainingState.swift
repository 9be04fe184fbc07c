import AttentionEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// All that a run needs to go on as if it had not been stopped, in one file that appears whole or not at all.
struct TrainingState: Codable {
    /// How many steps have been taken.
    var step = 0
    /// Where the next batch comes from.
    var position: DataPosition
    /// The steps' settings; a run goes on with the same.
    var settings: TrainingSettings
    /// How many examples there are to learn from.
    var exampleCount: Int
    /// The measures of the best model so far.
    var best: [TrainingMeasure] = []

    static let fileName = "training-state.safetensors"
    /// The tensor that holds the rest, as bytes of JSON.
    private static let key = "training"

    /// Writes it with parameters and what optimizer and average remember.
    ///
    /// - Throws: `InputError` if the file cannot be written; the one before is as it was.
    func write(
        to path: String, _ parameters: [Parameter], _ optimizer: any Optimizer, _ average: ExponentialMovingAverage
    ) throws {
        var tensors = parameters.map { (name: "parameter.\($0.name)", tensor: $0.value.detached) }
        tensors += optimizer.state.map { (name: "optimizer.\($0.key)", tensor: $0.value) }
        tensors += average.state.map { (name: "average.\($0.key)", tensor: $0.value) }
        let text = try JSONEncoder().encode(self).map(Int.init)
        tensors.append((name: Self.key, tensor: Tensor(integers: text, shape: [text.count])))
        try SafetensorsWriter.write(tensors, to: path)
    }

    /// Reads what `write` wrote into parameters, optimizer and average, all of them or, where it throws, none.
    ///
    /// - Throws: `InputError` if there is no such file, it is broken, or it is of another model or other settings.
    static func read(
        _ path: String, settings: TrainingSettings, exampleCount: Int, into parameters: [Parameter],
        _ optimizer: inout any Optimizer, _ average: inout ExponentialMovingAverage
    ) throws -> TrainingState {
        let file = try SafetensorsFile(path)
        let tensors = file.tensors()
        let text = Data((tensors[key]?.integers ?? []).map { UInt8(truncatingIfNeeded: $0) })
        guard let state = try? JSONDecoder().decode(Self.self, from: text),
            // Counted on from, they must not overflow.
            [state.step, state.position.epoch, state.position.batch].allSatisfy((0...1 << 48).contains)
        else {
            throw InputError(
                path, found: "no state of a training run", needed: "what an earlier run has saved",
                remedy: "Start anew, without resuming")
        }
        if let difference = differing(state.settings, settings) {
            throw InputError(
                path, found: "a run with other settings: \(difference)", needed: "the same ones",
                remedy: "Resume with the recipe that it was started with")
        }
        guard state.exampleCount == exampleCount else {
            throw InputError(
                path, found: "a run on \(state.exampleCount) examples", needed: "one on \(exampleCount), as there are now",
                remedy: "Resume with the data that it was started with, or start anew")
        }
        var stored: [(Parameter, [Float])] = []
        for parameter in parameters {
            let tensor = tensors["parameter.\(parameter.name)"]
            guard let tensor, tensor.shape == parameter.value.shape, tensor.elementType == .float32 else {
                throw InputError(
                    path, found: tensor.map { "\(parameter.name) of shape \($0.shape)" } ?? "no \(parameter.name)",
                    needed: "one of shape \(parameter.value.shape): the state is of another model",
                    remedy: "Resume with the model that was trained")
            }
            stored.append((parameter, tensor.floats))
        }
        func part(_ prefix: String) -> [String: Tensor] {
            var part: [String: Tensor] = [:]
            for (name, tensor) in tensors where name.hasPrefix(prefix) { part[String(name.dropFirst(prefix.count))] = tensor }
            return part
        }
        try optimizer.restore(part("optimizer."), for: parameters)
        try average.restore(part("average."), for: parameters)
        for (parameter, elements) in stored {
            parameter.update { for index in elements.indices { $0[index] = elements[index] } }
        }
        return state
    }

    /// The first setting that differs; `nil` where all are alike.
    private static func differing(_ old: TrainingSettings, _ new: TrainingSettings) -> String? {
        if old == new { return nil }
        for (before, now) in zip(Mirror(reflecting: old).children, Mirror(reflecting: new).children) {
            if "\(before.value)" != "\(now.value)" { return "\(before.label ?? "") is \(before.value), not \(now.value)" }
        }
        return "numbers that differ in their last digits"
    }
}
