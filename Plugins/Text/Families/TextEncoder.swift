import AttentionEngine
import PluginKit

/// Token embeddings and a bidirectional Transformer, and how tensors pass through them under the reference's names.
struct TextEncoder: Sendable {
    let tokens: TokenEmbedding
    private let types: TokenEmbedding?
    /// A vector for each position, where padding is not counted; `nil` where the Transformer has its own.
    private let positions: TokenEmbedding?
    private let transformer: Transformer
    private let padding: Int
    /// The most tokens a text may have.
    let limit: Int

    init(
        tokens: TokenEmbedding, types: TokenEmbedding?, positions: TokenEmbedding? = nil, transformer: Transformer, padding: Int,
        limit: Int
    ) {
        self.tokens = tokens
        self.types = types
        self.positions = positions
        self.transformer = transformer
        self.padding = padding
        self.limit = limit
    }

    /// Texts as the model reads them, filled up to one length.
    private struct Batch {
        /// The ids, and which text of a pair each is of.
        var ids, types: [[Int]]
        /// `[batch, positions]`, zero where a position is filling; `nil` where none is.
        var visible: Tensor?
    }

    /// The states of texts: `[batch, positions, width]`.
    private func states(
        _ batch: Batch, needed: Transformer.NeededPositions, observe: ((Int, Tensor) -> Void)? = nil
    ) throws -> Tensor {
        var embedded = try tokens(batch.ids)
        if let types { embedded = embedded.adding(try types(batch.types)) }
        if let positions { embedded = embedded.adding(try positions(batch.ids.map(numbers))) }
        return try transformer.encode(embedded, visible: batch.visible, needed: needed, observe: observe)
    }

    /// The rows of the position table for a text's tokens: padding has its own id's, and what is not, those after it.
    private func numbers(_ ids: [Int]) throws -> [Int] {
        guard ids.count <= limit else {
            throw InputError(
                "input", found: "\(ids.count) positions", needed: "at most the model's \(limit)", remedy: "Shorten the input")
        }
        var last = padding
        return ids.map { id in
            if id == padding { return padding }
            last += 1
            return last
        }
    }

    /// The states of tokenized texts, filled up to one length.
    func callAsFunction(_ texts: [TokenizedText], needed: Transformer.NeededPositions = .all) throws -> Tensor {
        let length = texts.map(\.ids.count).max() ?? 0
        func filled(_ row: [Int], with value: Int) -> [Int] { row + Array(repeating: value, count: length - row.count) }
        let isFull = texts.allSatisfy { $0.ids.count == length }
        let visible = texts.flatMap { text in (0..<length).map { $0 < text.ids.count ? 1 : 0 } }
        let batch = Batch(
            ids: texts.map { filled($0.ids, with: padding) }, types: texts.map { filled($0.typeIDs, with: 0) },
            visible: isFull ? nil : Tensor(integers: visible, shape: [texts.count, length]))
        return try states(batch, needed: needed)
    }

    /// Runs `input_ids`, with `attention_mask` and `token_type_ids` where they are given, through the encoder and `head`.
    func forward(
        _ inputs: NamedTensors, detail: ForwardDetail, needed: Transformer.NeededPositions, head: (Tensor) -> NamedTensors
    ) throws -> NamedTensors {
        let ids = try TokenInput(inputs)
        var types = ids.rows.map { Array(repeating: 0, count: $0.count) }
        if inputs["token_type_ids"] != nil {
            types = try TokenInput(inputs, "token_type_ids", mask: nil).rows
            guard types.map(\.count) == ids.rows.map(\.count) else {
                throw InputError(
                    "token_type_ids", found: "another shape than that of input_ids", needed: "a type for each token",
                    remedy: "Write the tensors as the reference takes them")
            }
        }
        var outputs: NamedTensors = [:]
        let states = try states(
            Batch(ids: ids.rows, types: types, visible: ids.visible), needed: detail == .answer ? needed : .all,
            observe: detail == .layers ? { outputs["hidden.\($0)"] = $1 } : nil)
        outputs.merge(head(states)) { $1 }
        if detail != .answer || outputs.isEmpty { outputs["last_hidden_state"] = states }
        return outputs
    }

    /// Pseudo-random tokens, 128 to a text or as many as the model takes.
    func exampleInputs(batchSize: Int) -> NamedTensors {
        let length = min(128, limit)
        let ids = (0..<batchSize * length).map { ($0 * 7_919 + 101) % tokens.vocabularySize }
        return ["input_ids": Tensor(integers: ids, shape: [batchSize, length])]
    }
}
