public import AttentionEngine

/// The names of the classes a checkpoint was trained on.
public struct Labels: Sendable, Hashable {
    /// The names, in the order of the logits.
    public let names: [String]

    /// How many there are.
    public var count: Int { names.count }

    /// Creates labels from their names.
    public init(_ names: [String]) { self.names = names }

    /// Reads `id2label` of `config.json`, or `label_names`, or the number in `num_labels` or `num_classes`; two where
    /// nothing is said, as the reference assumes.
    ///
    /// - Throws: `InputError` if the numbers of `id2label` are not 0, 1, 2, ….
    public init(_ checkpoint: Checkpoint) throws {
        let configuration = try checkpoint.configuration(as: Configuration.self)
        if let named = configuration.id2label {
            names = try (0..<named.count).map { index in
                guard let name = named["\(index)"] else {
                    throw InputError(
                        "\(checkpoint.path(of: "config.json")), key id2label",
                        found: "\(named.count) labels but none for \(index)",
                        needed: "one for each number from 0 to \(named.count - 1)", remedy: "Number the labels without gaps")
                }
                return name
            }
        } else if let listed = configuration.labelNames {
            names = listed
        } else {
            let count = configuration.labelCount ?? configuration.classCount ?? 2
            names = try (0..<checkpoint.checked("num_labels", count, in: 0...1_000_000)).map { "LABEL_\($0)" }
        }
    }

    private struct Configuration: Decodable {
        var id2label: [String: String]?
        var labelNames: [String]?
        var labelCount: Int?
        var classCount: Int?

        enum CodingKeys: String, CodingKey {
            case id2label
            case labelNames = "label_names"
            case labelCount = "num_labels"
            case classCount = "num_classes"
        }
    }

    /// Loads a classifier with one output for each label.
    ///
    /// - Throws: `InputError` if the checkpoint's classifier has another number of outputs than there are labels.
    public func classifier(_ inputWidth: Int, _ weights: Weights, of checkpoint: Checkpoint) throws -> Linear {
        if let rows = weights.shape(of: "weight")?.first, rows > 0, rows != count {
            throw InputError(
                checkpoint.path(of: "config.json"), found: "\(count) labels for a classifier of \(rows) classes",
                needed: "a label for each class", remedy: "List the model's own labels in id2label")
        }
        return try Linear(inputWidth, count, weights)
    }

    /// Every label with its probability, the likeliest first; of equals the one listed first.
    ///
    /// - Parameter logits: `[batch, labels]`.
    public func ranked(_ logits: Tensor) -> [[Classification]] {
        ranked(probabilities: logits.softmax())
    }

    /// Every label with its probability, the likeliest first; of equals the one listed first.
    ///
    /// - Parameter probabilities: `[batch, labels]`.
    public func ranked(probabilities: Tensor) -> [[Classification]] {
        precondition(probabilities.width == count, "\(probabilities.shape) numbers for \(count) labels")
        let rows = probabilities.shape[0], probabilities = probabilities.floats
        return (0..<rows).map { row in
            let values = probabilities[row * count..<(row + 1) * count]
            return zip(names, values).enumerated()
                .map { Classification(label: $1.0, index: $0, probability: $1.1) }
                .sorted { ($1.probability, $0.index) < ($0.probability, $1.index) }
        }
    }
}
