import AttentionEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where a new package finds Apus.
enum ApusLocation {
    case folder(String)
    case repository(String)

    /// - Parameters:
    ///   - given: a folder or URL that the user named.
    ///   - output: the folder to make, around which the sources may be.
    /// - Throws: `InputError` if there are no sources of Apus.
    init(_ given: String?, near output: String) throws {
        if let given, given.contains("://") || given.hasPrefix("git@") {
            guard !given.contains(where: { $0.isNewline || $0 == "\"" || $0 == "\\" }) else {
                throw InputError("--apus", found: "“\(given)”", needed: "the URL of a repository", remedy: "Check it")
            }
            self = .repository(given)
            return
        }
        let searched = given.map { [$0] } ?? Self.around(output) + Self.around(CommandLine.arguments[0])
        guard let folder = searched.first(where: Self.isApus) else {
            throw InputError(
                "--apus", found: given.map { "\($0), which does not hold Apus" } ?? "none given, and no sources of Apus nearby",
                needed: "the folder with the Package.swift of Apus, or the URL of its repository",
                remedy: "Clone Apus and name the folder, or name the URL")
        }
        self = .folder(URL(fileURLWithPath: folder).standardized.resolvingSymlinksInPath().path)
    }

    /// The dependency as `Package.swift` writes it.
    var dependency: String {
        switch self {
        case .folder(let path):
            let escaped = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return #".package(name: "apus", path: "\#(escaped)")"#
        case .repository(let url): return #".package(url: "\#(url)", branch: "main")"#
        }
    }

    /// What products are said to be of.
    var package: String {
        switch self {
        case .folder: return "apus"
        case .repository(let url):
            let last = url.split { $0 == "/" || $0 == ":" }.last ?? "apus"
            return String(last.hasSuffix(".git") ? last.dropLast(4) : last)
        }
    }

    /// The folders that a path is in.
    private static func around(_ path: String) -> [String] {
        var url = URL(fileURLWithPath: path).standardized.resolvingSymlinksInPath(), folders: [String] = []
        while url.path != "/", folders.count < 40 {
            url = url.deletingLastPathComponent()
            folders.append(url.path)
        }
        return folders
    }

    private static func isApus(_ folder: String) -> Bool {
        ["Package.swift", "Sources/PluginKit", "Sources/ApusCommand"].allSatisfy {
            FileManager.default.fileExists(atPath: "\(folder)/\($0)")
        }
    }
}
