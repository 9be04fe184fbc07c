import AttentionEngine

/// The folder in which Hugging Face's tools keep what they download.
///
/// Follows the layout of `huggingface_hub`: `models--ORG--NAME/snapshots/COMMIT/…`, and `refs/BRANCH` with a commit.
public enum HubCache {
    /// Where the cache is: `HF_HUB_CACHE`, `HF_HOME/hub`, `XDG_CACHE_HOME/huggingface/hub`, or the same in `~/.cache`.
    public static var location: String { location(environment: Paths.environment) }

    /// The models in the cache, sorted by id, each with the folder of its `main` revision, or else of the newest.
    public static func models() -> [(id: String, folder: String)] { models(in: location) }

    static func location(environment: (String) -> String?) -> String {
        if let folder = environment("HF_HUB_CACHE") { return Paths.absolute(folder) }
        if let home = environment("HF_HOME") { return Paths.absolute("\(home)/hub") }
        let cache = environment("XDG_CACHE_HOME") ?? "\(environment("HOME") ?? "")/.cache"
        return Paths.absolute("\(cache)/huggingface/hub")
    }

    static func models(in location: String) -> [(id: String, folder: String)] {
        Paths.contents(location).compactMap { entry -> (id: String, folder: String)? in
            guard entry.hasPrefix(prefix) else { return nil }
            let id = String(entry.dropFirst(prefix.count)).replacing("--", with: "/")
            guard let folder = folder(of: id, in: location) else { return nil }
            return (id, folder)
        }
    }

    /// The snapshot of `ORG/NAME`, `NAME` or `ORG/NAME@REVISION`; `nil` if it is not in the cache.
    static func folder(of reference: String, in location: String = location) -> String? {
        let parts = reference.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let id = parts.first, isModelID(id) else { return nil }
        let model = "\(location)/\(prefix)\(id.split(separator: "/").joined(separator: "--"))"
        let revision = parts.count > 1 ? parts[1] : nil
        if let revision, !isRelativePath(revision) { return nil }
        if let commit = commit(of: revision ?? "main", model: model), let folder = snapshot(commit, model: model) {
            return folder
        }
        if let revision {
            let commits = Paths.contents("\(model)/snapshots").filter { revision.count >= 4 && $0.hasPrefix(revision) }
            return commits.count == 1 ? snapshot(commits[0], model: model) : nil
        }
        let folders = Paths.contents("\(model)/snapshots").compactMap { snapshot($0, model: model) }
        return folders.max { Paths.modificationTime($0) < Paths.modificationTime($1) }
    }

    /// Whether the hub could have a model of that id.
    static func isModelID(_ id: String) -> Bool {
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 2 && isRelativePath(id) && id.utf8.count <= 200
            && !id.contains("--") && id.utf8.allSatisfy { "-_./".utf8.contains($0) || isAlphanumeric($0) }
    }

    private static let prefix = "models--"

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    /// Whether the path stays below the folder it is taken from.
    private static func isRelativePath(_ path: String) -> Bool {
        path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !["", ".", ".."].contains($0) }
            && !path.utf8.contains(0)
    }

    /// The commit that a branch or tag stands for.
    private static func commit(of revision: String, model: String) -> String? {
        guard let bytes = try? RegularFile("\(model)/refs/\(revision)").bytes(atMost: 1024) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    private static func snapshot(_ commit: String, model: String) -> String? {
        guard isRelativePath(commit), !commit.contains("/") else { return nil }
        let folder = "\(model)/snapshots/\(commit)"
        return Paths.kind(of: "\(folder)/config.json") == .file ? folder : nil
    }
}
