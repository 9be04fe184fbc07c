import AttentionEngine
import PluginKit

/// What the parts of a new plugin are called.
struct PluginNames {
    /// What the types begin with: `Thermal`.
    let prefix: String
    /// One lower-case word: what the registry calls the plugin, and the `model_type` of its model.
    let word: String
    let modality: Modality

    enum Modality: Equatable {
        case text, image, audio
        /// A new one, whose files end in the word.
        case new(String)
    }

    /// The module, its folder and its type: `ThermalPlugin`.
    var plugin: String { "\(prefix)Plugin" }
    /// The program: `thermal-apus`.
    var program: String { "\(word)-apus" }
    /// The model's folder: `thermal-starter`.
    var starter: String { "\(word)-starter" }

    /// - Throws: `InputError` if a name cannot be one in Swift, or is taken.
    init(_ name: String, modality: String, _ registry: Registry) throws {
        let words = name.split { $0 == "-" || $0 == "_" || $0 == " " }
        let joined = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let bare = joined.hasSuffix("Plugin") ? String(joined.dropLast(6)) : joined
        guard Self.isWord(bare), bare.count <= 40 else {
            throw InputError(
                "name", found: "“\(name)”", needed: "up to 40 letters and digits of ASCII, a letter first, such as Thermal",
                remedy: "Choose another name")
        }
        prefix = bare
        word = bare.lowercased()
        self.modality = try Self.modality(modality, registry)
        if registry.plugins.contains(word) {
            throw Self.taken(name, "a plugin of that name is in \(Program.name) already")
        }
        if registry.modelTypes.contains(word) {
            throw Self.taken(name, "the model type \(word) is another plugin's already")
        }
    }

    private static func modality(_ word: String, _ registry: Registry) throws -> Modality {
        switch word {
        case "text": return .text
        case "image": return .image
        case "audio": return .audio
        default:
            guard isWord(word), word == word.lowercased(), word.count <= 40 else {
                throw InputError(
                    "--modality", found: "“\(word)”",
                    needed: "text, image, audio, or one word of lower-case letters and digits for a new one",
                    remedy: "Choose another word")
            }
            if let kind = registry.kind(ofFileType: word) {
                throw InputError(
                    "--modality", found: "“\(word)”, the ending of \(kind) files",
                    needed: "a word that is not taken, for files will end in it", remedy: "Choose another word")
            }
            return .new(word)
        }
    }

    private static func isWord(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    private static func taken(_ name: String, _ why: String) -> InputError {
        InputError("name", found: "“\(name)”; \(why)", needed: "a name of its own", remedy: "Choose another name")
    }
}
