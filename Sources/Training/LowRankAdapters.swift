public import AttentionEngine
import PluginKit

/// Trains small matrices beside a model's own, which stay as they are: W + scale · B A, where A has a few rows and B a few columns (LoRA;
/// Hu et al., 2021, arXiv:2106.09685).
///
/// The model computes with the sum, which stands in the place of its own matrix and is what a checkpoint gets. An optimizer is given
/// `parameters`: all A and B, and what else is trained.
public final class LowRankAdapters {
    /// How adapters are made.
    public struct Options: Sendable, Hashable, Codable {
        /// Rows of A and columns of B.
        public var rank = 8
        /// The product is multiplied by this over the rank.
        public var alpha: Float = 16
        /// What A is drawn from; B begins with zeros.
        public var seed: UInt64 = 0
        /// The name or folder of the model that adapters belong to, where they are to be written by themselves too.
        public var base: String?

        /// Creates the usual options.
        public init() {}
    }

    private struct Adapter {
        var parameter: Parameter
        /// The model's own matrix, `[rows, columns]`.
        var base: [Float]
        /// `[rank, columns]`.
        var down: Parameter
        /// `[rows, rank]`.
        var up: Parameter
        var rows: Int { parameter.value.shape[0] }
        var columns: Int { parameter.value.shape[1] }
        var rank: Int { down.value.shape[0] }
    }

    private let options: Options
    private let adapters: [Adapter]
    private let others: [Parameter]
    private let isUnsaved: (String) -> Bool

    /// Adds adapters to matrices, and freezes every other parameter but those that `isTrained` picks.
    ///
    /// - Parameters:
    ///   - store: the model's parameters, all of which it has asked for.
    ///   - options: how adapters are made.
    ///   - isAdapted: which matrices get one, by name; what has not two dimensions gets none.
    ///   - isTrained: which parameters are trained whole, by name: a new head.
    ///   - isUnsaved: which of these belong to the training alone.
    /// - Throws: `InputError` if no matrix is adapted.
    public init(
        _ store: ParameterStore, options: Options = Options(), adapting isAdapted: (String) -> Bool,
        training isTrained: (String) -> Bool = { _ in false }, leavingOut isUnsaved: @escaping (String) -> Bool = { _ in false }
    ) throws {
        (self.options, self.isUnsaved) = (options, isUnsaved)
        let all = store.parameters, rank = options.rank
        let chosen = all.filter { $0.value.rank == 2 && !$0.isFrozen && !isTrained($0.name) && isAdapted($0.name) }
        guard !chosen.isEmpty, rank > 0 else {
            throw InputError("adapters", found: "no matrix to adapt", needed: "one at least", remedy: "Name other matrices")
        }
        // A begins as large as a layer of its own, by what goes in; B with zeros.
        var initialization = ParameterInitialization(.zeros)
        for matrix in chosen {
            let deviation = 1 / (3 * Float(matrix.value.shape[1])).squareRoot()
            initialization.rules["\(matrix.name).lora_A"] = .normal(deviation: deviation)
        }
        let drawn = ParameterStore(drawing: initialization, seed: options.seed), weights = Weights(drawn)
        for matrix in chosen {
            _ = try weights.get("\(matrix.name).lora_A", [rank, matrix.value.shape[1]])
            _ = try weights.get("\(matrix.name).lora_B", [matrix.value.shape[0], rank])
        }
        let byName = Dictionary(uniqueKeysWithValues: drawn.parameters.map { ($0.name, $0) })
        adapters = chosen.compactMap { matrix in
            guard let down = byName["\(matrix.name).lora_A"], let up = byName["\(matrix.name).lora_B"] else { return nil }
            return Adapter(parameter: matrix, base: matrix.value.floats, down: down, up: up)
        }
        let names = Set(chosen.map(\.name))
        store.freeze { !names.contains($0) && !isTrained($0) }
        others = all.filter { isTrained($0.name) && !$0.isFrozen }
    }

    /// Whether a matrix, by its name, belongs to a layer rather than to embeddings and heads, as all layers of published models are named.
    public static func isOfLayer(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        let isInLayer = parts.contains { Int($0) != nil }
        return isInLayer && !["embed", "position", "relative_attention_bias", "norm"].contains { name.contains($0) }
    }

    /// All that is trained.
    public var parameters: [Parameter] { adapters.flatMap { [$0.down, $0.up] } + others }

    private var scale: Float { options.alpha / Float(options.rank) }

    /// Turns the gradients of matrices, which a backward pass has left, into those of their adapters.
    public func takeGradients() {
        for adapter in adapters {
            guard let gradient = adapter.parameter.gradient else { continue }
            let (rows, columns, rank, scale) = (adapter.rows, adapter.columns, adapter.rank, scale)
            let (down, up) = (adapter.down.value.floats, adapter.up.value.floats)
            let (forUp, forDown) = (Tensor(repeating: 0, shape: [rows, rank]), Tensor(repeating: 0, shape: [rank, columns]))
            gradient.withMutableFloats { gradient in
                forUp.withMutableFloats { forUp in
                    guard let g = Elements(gradient), let to = Elements(forUp) else { return }
                    Processor.parallel(count: rows, grain: 16) { range in
                        for row in range {
                            for k in 0..<rank {
                                var sum: Float = 0
                                for column in 0..<columns {
                                    sum += g.pointer[row * columns + column] * down[k * columns + column]
                                }
                                to.pointer[row * rank + k] = scale * sum
                            }
                        }
                    }
                }
                forDown.withMutableFloats { forDown in
                    guard let g = Elements(gradient), let to = Elements(forDown) else { return }
                    Processor.parallel(count: rank, grain: 1) { range in
                        for k in range {
                            for row in 0..<rows {
                                let factor = scale * up[row * rank + k]
                                for column in 0..<columns {
                                    to.pointer[k * columns + column] += factor * g.pointer[row * columns + column]
                                }
                            }
                        }
                    }
                }
            }
            adapter.up.addGradient(forUp)
            adapter.down.addGradient(forDown)
            adapter.parameter.clearGradient()
        }
    }

    /// Sets every matrix to its own plus what its adapter has learned.
    public func apply() {
        for adapter in adapters {
            let (rows, columns, rank, scale) = (adapter.rows, adapter.columns, adapter.rank, scale)
            let (base, down, up) = (adapter.base, adapter.down.value.floats, adapter.up.value.floats)
            adapter.parameter.withMutableElements { elements in
                guard let to = Elements(elements) else { return }
                Processor.parallel(count: rows, grain: 16) { range in
                    for row in range {
                        let start = row * columns
                        for column in 0..<columns { to.pointer[start + column] = base[start + column] }
                        for k in 0..<rank {
                            let factor = scale * up[row * rank + k]
                            for column in 0..<columns { to.pointer[start + column] += factor * down[k * columns + column] }
                        }
                    }
                }
            }
        }
    }

    /// Writes adapters alone to `adapter` in a model's folder, as the library peft has them, where there is a base to name.
    ///
    /// Matrices are taken to be stored `[outputs, inputs]`, as they are in nearly all families; GPT-2's are not.
    ///
    /// - Throws: `InputError` if a file cannot be written.
    public func saveIfKept(beside folder: String) throws {
        guard let base = options.base else { return }
        let folder = "\(folder)/adapter"
        func module(_ name: String) -> String { name.hasSuffix(".weight") ? String(name.dropLast(7)) : name }
        try OutputFolder.make(folder)
        var tensors: [(name: String, tensor: Tensor)] = []
        for adapter in adapters {
            let path = "base_model.model.\(module(adapter.parameter.name))"
            tensors.append(("\(path).lora_A.weight", adapter.down.value.detached))
            tensors.append(("\(path).lora_B.weight", adapter.up.value.detached))
        }
        let heads = others.filter { !isUnsaved($0.name) }
        tensors += heads.map { ("base_model.model.\($0.name)", $0.value.detached) }
        try SafetensorsWriter.write(tensors, to: "\(folder)/adapter_model.safetensors", metadata: ["format": "pt"])
        let modules = Set(heads.map { String($0.name.prefix(upTo: $0.name.lastIndex(of: ".") ?? $0.name.endIndex)) })
        let file = ConfigurationFile(
            base: base, rank: options.rank, alpha: options.alpha, targets: adapters.map { module($0.parameter.name) },
            heads: modules.isEmpty ? nil : modules.sorted())
        try JSONOutput.write(file, to: "\(folder)/adapter_config.json")
    }

    private struct ConfigurationFile: Encodable {
        var type = "LORA"
        var base: String
        var rank: Int
        var alpha: Float
        var targets: [String]
        var heads: [String]?
        var dropout = 0.0
        var bias = "none"
        enum CodingKeys: String, CodingKey {
            case bias
            case type = "peft_type"
            case base = "base_model_name_or_path"
            case rank = "r"
            case alpha = "lora_alpha"
            case targets = "target_modules"
            case heads = "modules_to_save"
            case dropout = "lora_dropout"
        }
    }
}
