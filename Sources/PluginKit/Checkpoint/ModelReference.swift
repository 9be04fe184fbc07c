import AttentionEngine

/// Finds the folder that a user's words for a model stand for.
enum ModelReference {
    /// The folder of a model: one that exists, a starter model, or a snapshot in the hub cache, in this order.
    static func folder(of reference: String) throws(InputError) -> String {
        let path = Paths.absolute(reference)
        if looksLikePath(reference) || Paths.kind(of: "\(path)/config.json") == .file {
            try checkIsFolder(path)
            return path
        }
        if let starter = StarterModels.folders().first(where: { $0.name == reference }) { return starter.folder }
        if let cached = HubCache.folder(of: reference) { return cached }
        // A folder without config.json, or a file: what is wrong with it is said best by opening it.
        if Paths.kind(of: path) != nil {
            try checkIsFolder(path)
            return path
        }
        throw unknown(reference)
    }

    static func checkIsFolder(_ path: String) throws(InputError) {
        switch Paths.kind(of: path) {
        case .folder: return
        case nil:
            throw InputError(
                path, found: "no such folder", needed: "a folder in the Hugging Face layout", remedy: "Check the path")
        default:
            throw InputError(
                path, found: "a file", needed: "the folder it is in, with config.json",
                remedy: "Name \(Paths.parent(path)) instead")
        }
    }

    private static func looksLikePath(_ reference: String) -> Bool {
        ["/", "./", "../", "~"].contains { reference.hasPrefix($0) } || reference.hasSuffix("/")
            || [".", "..", ""].contains(reference)
    }

    private static func unknown(_ reference: String) -> InputError {
        let known = StarterModels.folders().map(\.name) + HubCache.models().map(\.id)
        let near = SimilarNames.nearest(3, to: reference, among: known, maximumDistance: max(2, reference.count / 3))
        let hint = near.isEmpty ? "" : "Did you mean \(near.map(Wording.name).joined(separator: " or "))? "
        let id = String(reference.prefix { $0 != "@" })
        let download = HubCache.isModelID(id) ? ", or get it from the hub with `hf download \(id)`" : ""
        return InputError(
            "model \(Wording.name(reference))",
            found: "neither a folder, nor a starter model, nor in the hub cache (\(HubCache.location))",
            needed: "a model that is on this machine", remedy: "\(hint)See `apus models`\(download)")
    }
}
