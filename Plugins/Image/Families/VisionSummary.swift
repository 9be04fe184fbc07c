import AttentionEngine
import PluginKit

extension ModelSummary {
    /// What is said of a vision model.
    static func vision(
        _ checkpoint: Checkpoint, sizes: [Fact], isClassifier: Bool, converter: Result<ImageConverter, any Error>
    ) throws -> ModelSummary {
        let preprocessing: [String] =
            switch converter {
            case .success(let converter): converter.steps
            case .failure(let error): ["unusable: \(error)"]
            }
        let labels = isClassifier ? [Fact("labels", try Labels(checkpoint).count)] : []
        return ModelSummary(tasks: isClassifier ? ["classify"] : [], sizes: sizes + labels, preprocessing: preprocessing)
    }
}
