public import AttentionEngine

/// Turns the arguments of a command into the files they stand for.
public enum InputFiles {
    /// A file to read, or why there is none.
    public typealias Entry = (name: String, file: Result<InputFile, InputError>)

    /// The files that `arguments` stand for, in order, with an error in the place of each that stands for none.
    ///
    /// A folder stands for the files in it and below, sorted, that have one of the `fileTypes` and are not hidden;
    /// `-` is standard input.
    ///
    /// - Parameters:
    ///   - arguments: paths of files and folders, and `-`.
    ///   - fileTypes: extensions in lower case, without the dot.
    ///   - standardInput: what `-` is, where some of it was read already.
    public static func expand(
        _ arguments: [String], fileTypes: Set<String>, standardInput: InputFile = .standardInput()
    ) -> [Entry] {
        arguments.flatMap { argument -> [Entry] in
            if argument == "-" { return [(argument, .success(standardInput))] }
            switch Paths.kind(of: argument) {
            case nil:
                return [(argument, .failure(RegularFile.missing(argument)))]
            case .folder:
                var walk = FolderWalk(fileTypes: fileTypes)
                walk.visit(argument)
                return walk.files.isEmpty ? [(argument, .failure(noFiles(in: argument, fileTypes)))] : walk.entries
            default:
                return [(argument, .success(InputFile(path: argument)))]
            }
        }
    }

    private static func noFiles(in folder: String, _ fileTypes: Set<String>) -> InputError {
        let types = fileTypes.sorted().map { ".\($0)" }.joined(separator: ", ")
        return InputError(
            folder, found: "a folder without files to read", needed: "at least one of the types \(types)",
            remedy: "Name another folder, or the files themselves")
    }
}

/// Collects the files below a folder.
private struct FolderWalk {
    let fileTypes: Set<String>
    private(set) var files: [String] = []
    /// Folders that were entered, so that a link to one above does not lead in a circle.
    private var visited: Set<[UInt64]> = []

    init(fileTypes: Set<String>) { self.fileTypes = fileTypes }

    var entries: [InputFiles.Entry] { files.map { ($0, .success(InputFile(path: $0))) } }

    mutating func visit(_ folder: String) {
        guard let status = Paths.status(folder), visited.insert(status.identity).inserted else { return }
        for name in Paths.contents(folder) where !name.hasPrefix(".") {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            switch Paths.kind(of: path) {
            case .folder: visit(path)
            // A link that leads nowhere, or a name that is not UTF-8, is to be named rather than passed over.
            case .file where fileTypes.contains(fileType(name)), nil where fileTypes.contains(fileType(name)): files.append(path)
            default: break
            }
        }
    }

    private func fileType(_ name: String) -> String {
        name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    }
}
