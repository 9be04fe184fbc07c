import AttentionEngine
import PluginKit

/// Token embeddings and a bidirectional Transformer, and how tensors pass through them under the reference's names.
struct TextEncoder: Sendable {
    let tokens: Embedding
    private let types: Embedding?
    private let transformer: Transformer
    private let padding: Int
    /// The most tokens a text may have.
    let limit: Int

    init(tokens: Embedding, types: Embedding?, transformer: Transformer, padding: Int, limit: Int) {
        self.tokens = tokens
        self.types = types
        self.transformer = transformer
        self.padding = padding
        self.limit = limit
    }

    /// Texts as the model reads them, filled up to one length.
    struct Batch {
        /// `[batch, positions]` each: the ids, zero where a position is filling, and which text of a pair.
        var ids, visible, types: Tensor

        init(_ texts: [TokenizedText], padding: Int) {
            let length = texts.map(\.ids.count).max() ?? 0
            func filled(_ rows: [[Int]], with value: Int) -> Tensor {
                Tensor(
                    integers: rows.flatMap { $0 + Array(repeating: value, count: length - $0.count) },
                    shape: [rows.count, length])
            }
            ids = filled(texts.map(\.ids), with: padding)
            visible = filled(texts.map { $0.ids.map { _ in 1 } }, with: 0)
            types = filled(texts.map(\.typeIDs), with: 0)
        }

        fileprivate init(ids: Tensor, visible: Tensor, types: Tensor) {
            self.ids = ids
            self.visible = visible
            self.types = types
        }
    }

    /// The states of texts: `[batch, positions, width]`.
    func callAsFunction(
        _ batch: Batch, needed: Transformer.NeededPositions = .all, observe: ((Int, Tensor) -> Void)? = nil
    ) throws -> Tensor {
        var embedded = try tokens(batch.ids)
        if let types { embedded = embedded.adding(try types(batch.types, name: "token_type_ids")) }
        let isFull = batch.visible.integers.allSatisfy { $0 != 0 }
        return try transformer.encode(embedded, visible: isFull ? nil : batch.visible, needed: needed, observe: observe)
    }

    /// The states of tokenized texts, filled up to one length.
    func callAsFunction(_ texts: [TokenizedText], needed: Transformer.NeededPositions = .all) throws -> Tensor {
        try self(Batch(texts, padding: padding), needed: needed)
    }

    /// Runs `input_ids`, with `attention_mask` and `token_type_ids` where they are given, through the encoder and `head`.
    func forward(
        _ inputs: NamedTensors, detail: ForwardDetail, needed: Transformer.NeededPositions, head: (Tensor) -> NamedTensors
    ) throws -> NamedTensors {
        let batch = try batch(of: inputs)
        var outputs: NamedTensors = [:]
        let states = try self(
            batch, needed: detail == .answer ? needed : .all,
            observe: detail == .layers ? { outputs["hidden.\($0)"] = $1 } : nil)
        outputs.merge(head(states)) { $1 }
        if detail != .answer || outputs.isEmpty { outputs["last_hidden_state"] = states }
        return outputs
    }

    /// Pseudo-random tokens, 128 to a text or as many as the model takes.
    func exampleInputs(batchSize: Int) -> NamedTensors {
        let length = min(128, limit)
        let ids = (0..<batchSize * length).map { ($0 * 7_919 + 101) % tokens.count }
        return ["input_ids": Tensor(integers: ids, shape: [batchSize, length])]
    }

    private func batch(of inputs: NamedTensors) throws -> Batch {
        guard let ids = inputs["input_ids"] else {
            throw InputError(
                "inputs", found: inputs.isEmpty ? "no tensors" : "only " + inputs.keys.sorted().joined(separator: ", "),
                needed: "input_ids of shape [batch, positions]", remedy: "Add the tensor to the file")
        }
        func check(_ name: String, _ tensor: Tensor, _ isRight: Bool, _ needed: String) throws {
            guard isRight, !tensor.elementType.isFloatingPoint || name == "attention_mask" else {
                throw InputError(
                    name, found: "\(tensor.elementType.displayName) of shape \(tensor.shape)", needed: needed,
                    remedy: "Write the tensors as the reference takes them")
            }
        }
        try check("input_ids", ids, ids.rank == 2 && ids.count > 0, "integers of shape [batch, positions]")
        let visible = inputs["attention_mask"] ?? Tensor(integers: Array(repeating: 1, count: ids.count), shape: ids.shape)
        try check("attention_mask", visible, visible.shape == ids.shape, "the shape of input_ids, \(ids.shape)")
        let types = inputs["token_type_ids"] ?? Tensor(integers: Array(repeating: 0, count: ids.count), shape: ids.shape)
        try check("token_type_ids", types, types.shape == ids.shape, "integers of the shape of input_ids, \(ids.shape)")
        return Batch(ids: ids, visible: visible, types: types)
    }
}
