import AttentionEngine
import PluginKit

/// Which names a checkpoint of BERT's kin uses: all that tells BERT, RoBERTa and DistilBERT apart.
struct BertLayout {
    /// The path of the encoder in a checkpoint that has a head.
    let prefix: String
    /// The slots of the backbone.
    let names: TransformerNames
    /// Whether padding is left out when positions are numbered, and the first takes the row after padding's own.
    let skipsPadding: Bool
    /// The head that fills masks.
    let masked: Masked
    /// The head that classifies.
    let classifier: Classifier

    /// Dense, activation, norm; then a score for each token.
    struct Masked {
        let dense, norm, output: String
        /// Where the scores' bias may stand.
        let biases: [String]
    }

    /// Dense and activation on the first state, then a score for each label.
    struct Classifier {
        let dense: String
        let activation: Activation
        let output: String
    }

    init(modelType: String) {
        switch modelType {
        case "distilbert": self = .distilbert
        case "roberta", "xlm-roberta", "camembert": self = .roberta
        default: self = .bert
        }
    }

    private init(prefix: String, names: TransformerNames, skipsPadding: Bool, masked: Masked, classifier: Classifier) {
        self.prefix = prefix
        self.names = names
        self.skipsPadding = skipsPadding
        self.masked = masked
        self.classifier = classifier
    }

    private static let bert = BertLayout(
        prefix: "bert", names: bertNames, skipsPadding: false,
        masked: Masked(
            dense: "cls.predictions.transform.dense", norm: "cls.predictions.transform.LayerNorm",
            output: "cls.predictions.decoder", biases: ["cls.predictions.bias", "cls.predictions.decoder.bias"]),
        classifier: Classifier(dense: "bert.pooler.dense", activation: .tanh, output: "classifier"))

    private static let roberta = BertLayout(
        prefix: "roberta", names: bertNames, skipsPadding: true,
        masked: Masked(
            dense: "lm_head.dense", norm: "lm_head.layer_norm", output: "lm_head.decoder",
            biases: ["lm_head.bias", "lm_head.decoder.bias"]),
        classifier: Classifier(dense: "classifier.dense", activation: .tanh, output: "classifier.out_proj"))

    private static let distilbert = BertLayout(
        prefix: "distilbert",
        names: TransformerNames(
            positions: "embeddings.position_embeddings.weight", embeddingNorm: "embeddings.LayerNorm",
            layers: "transformer.layer",
            layer: .init(
                attentionNorm: "sa_layer_norm",
                input: .separate(query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin"),
                attentionOutput: "attention.out_lin", feedForwardNorm: "output_layer_norm", feedForwardInput: "ffn.lin1",
                feedForwardOutput: "ffn.lin2")),
        skipsPadding: false,
        masked: Masked(
            dense: "vocab_transform", norm: "vocab_layer_norm", output: "vocab_projector", biases: ["vocab_projector.bias"]),
        classifier: Classifier(dense: "pre_classifier", activation: .relu, output: "classifier"))

    private static let bertNames = TransformerNames(
        positions: "embeddings.position_embeddings.weight", embeddingNorm: "embeddings.LayerNorm", layers: "encoder.layer",
        layer: .init(
            attentionNorm: "attention.output.LayerNorm",
            input: .separate(query: "attention.self.query", key: "attention.self.key", value: "attention.self.value"),
            attentionOutput: "attention.output.dense", feedForwardNorm: "output.LayerNorm",
            feedForwardInput: "intermediate.dense", feedForwardOutput: "output.dense"))
}
