import AttentionEngine
import PluginKit

/// The model that answers for files: the one that is named, or of the task's starter models the one that takes files of their kind.
struct StarterChoice {
    let checkpoint: Checkpoint
    /// What `-` stands for; in memory where it was read to see what it is.
    let standardInput: InputFile

    /// - Throws: `InputError` if there is no model, or the files are of several kinds and none is named.
    init(
        _ model: ModelOptions, _ engine: EngineOptions, for task: String, _ input: InputOptions, _ reading: ReadingOptions,
        _ registry: Registry
    ) throws {
        let starters = model.model == nil ? try ModelOptions.starters(for: task, registry) : []
        guard starters.count > 1 else {
            checkpoint = try model.checkpoint(for: task, engine)
            standardInput = .standardInput()
            return
        }
        let candidates = try starters.map { try Candidate($0, registry) }
        let standardInput =
            input.inputs.contains("-")
            ? InputFile(name: InputFile.standardInput().name, bytes: try InputFile.standardInput().bytes()) : .standardInput()
        self.standardInput = standardInput

        let allTypes = candidates.reduce(into: Set<String>()) { $0.formUnion($1.fileTypes) }
        let files = InputFiles.expand(input.inputs, fileTypes: allTypes, standardInput: standardInput)
            .compactMap { entry in (try? entry.file.get()).map { (entry.name, $0) } }
        // The first file of each kind that the names tell; where they tell nothing, what the contents are.
        var examples: [Int: String] = [:]
        for (name, file) in files {
            guard let index = candidates.firstIndex(where: { $0.fileTypes.contains(file.fileType) }) else { continue }
            examples[index] = examples[index] ?? name
        }
        if examples.isEmpty {
            for (name, file) in files {
                guard let index = candidates.firstIndex(where: { $0.canRead(file, reading.limits) }) else { continue }
                examples[index] = examples[index] ?? name
            }
            if examples.isEmpty, let (name, _) = files.first {
                throw InputError(
                    name, found: "contents that tell no kind", needed: candidates.map(\.kind).joined(separator: " or "),
                    remedy: "Name a model that is to answer, to learn what is wrong with the contents")
            }
        }
        guard examples.count < 2 else {
            let kinds = examples.sorted { $0.key < $1.key }.map { "\(candidates[$0.key].kind) (\($0.value))" }
            throw InputError(
                "inputs", found: "files of several kinds, " + kinds.joined(separator: " and "),
                needed: "one kind, where --model does not say which model answers",
                remedy: "Give the kinds in commands of their own, or name a model")
        }
        var checkpoint = starters[examples.first?.key ?? 0]
        checkpoint.precision = engine.precision.precision(for: checkpoint)
        self.checkpoint = checkpoint
    }
}

/// A starter model and the files that it takes.
private struct Candidate {
    let kind: String
    let fileTypes: Set<String>
    let canRead: (InputFile, ReadingLimits) -> Bool

    init(_ checkpoint: Checkpoint, _ registry: Registry) throws {
        let family = try registry.family(for: checkpoint)
        if let family = family as? any Classifying.Type {
            self = Self.taking(family, registry)
        } else {
            self.init(kind: family.name, fileTypes: []) { _, _ in false }
        }
    }

    private init(kind: String, fileTypes: Set<String>, canRead: @escaping (InputFile, ReadingLimits) -> Bool) {
        self.kind = kind
        self.fileTypes = fileTypes
        self.canRead = canRead
    }

    private static func taking<Family: Classifying>(_ family: Family.Type, _ registry: Registry) -> Self {
        let types = registry.fileTypes(of: Family.Input.self)
        return Self(kind: types.sorted().first.flatMap(registry.kind(ofFileType:)) ?? family.name, fileTypes: types) {
            file, limits in (try? registry.read(file, as: Family.Input.self, limits: limits)) != nil
        }
    }
}
