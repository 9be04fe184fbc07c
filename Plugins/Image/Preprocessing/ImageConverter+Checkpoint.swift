public import PluginKit
import AttentionEngine

extension ImageConverter {
    /// The converter that a checkpoint's `preprocessor_config.json` describes.
    ///
    /// - Parameters:
    ///   - checkpoint: whose `preprocessor_config.json` is read.
    ///   - processor: whose defaults hold where the file names none.
    /// - Throws: `InputError` if the file is missing or asks for what cannot be done.
    public init(_ checkpoint: Checkpoint, assuming processor: String) throws {
        let file = "preprocessor_config.json"
        guard let preprocessor = try checkpoint.file(file, as: PreprocessorConfiguration.self) else {
            throw InputError(
                checkpoint.folder, found: "no \(file)", needed: "it, to know how the model wants its images",
                remedy: "Download it from where the model came from")
        }
        try self.init(preprocessor: preprocessor, file: checkpoint.path(of: file), assuming: processor)
    }

    /// The converter that `pretrained_cfg` in the `config.json` of a timm checkpoint describes.
    ///
    /// - Throws: `InputError` if it is missing or asks for what cannot be done.
    public init(timm checkpoint: Checkpoint) throws {
        struct File: Decodable {
            var pretrained: TimmPretrainedConfiguration?
            enum CodingKeys: String, CodingKey { case pretrained = "pretrained_cfg" }
        }
        guard let pretrained = try checkpoint.configuration(as: File.self).pretrained else {
            throw InputError(
                checkpoint.path(of: "config.json"), found: "no pretrained_cfg",
                needed: "it, to know how the model wants its images", remedy: "Download the file the model was published with")
        }
        try self.init(pretrained: pretrained, file: checkpoint.path(of: "config.json"))
    }
}
