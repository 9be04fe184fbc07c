import Foundation

/// One run of the built command, as a user would start it.
struct CommandRun {
    let status: Int32
    let output: String
    let errors: String

    /// The lines of standard output.
    var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }

    /// The JSON objects of standard output, one a line.
    var objects: [[String: Any]] {
        get throws { try lines.map(object) }
    }

    private func object(_ line: String) throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            throw CocoaError(.coderInvalidValue)
        }
        return object
    }

    /// Runs `apus` and waits for its end.
    ///
    /// - Parameters:
    ///   - input: standard input.
    ///   - environment: added to that of the tests.
    init(_ arguments: String..., input: Data = Data(), environment: [String: String] = [:]) throws {
        try self.init(arguments, input: input, environment: environment)
    }

    init(
        _ arguments: [String], executable: URL? = nil, input: Data = Data(), environment: [String: String] = [:]
    ) throws {
        let folder = try TemporaryFolder()
        try input.write(to: folder.url.appending(path: "input"))
        let files = try ["output", "errors"].map { name in
            try Data().write(to: folder.url.appending(path: name))
            return try FileHandle(forWritingTo: folder.url.appending(path: name))
        }
        let process = Process()
        process.executableURL = try executable ?? Self.executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["HF_HUB_CACHE": "/nonexistent", "COLUMNS": "80", "APUS_ISA": "", "APUS_MODELS": ""]) { $1 }
            .merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: folder.url.appending(path: "input"))
        process.standardOutput = files[0]
        process.standardError = files[1]
        try process.run()
        process.waitUntilExit()
        status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        output = try String(contentsOf: folder.url.appending(path: "output"), encoding: .utf8)
        errors = try String(contentsOf: folder.url.appending(path: "errors"), encoding: .utf8)
    }

    /// Starts `apus`, and ends it by a signal once its log has grown so large, or lets it come to its end before.
    static func interrupted(_ arguments: [String], by signal: Int32, log: String, bytes: Int) throws {
        let process = Process()
        process.executableURL = try executable
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        while process.isRunning, (try? Data(contentsOf: URL(filePath: log)))?.count ?? 0 < bytes { usleep(1000) }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
    }

    /// `apus` as the build leaves it.
    static var executable: URL {
        get throws { try executable(named: "apus") }
    }

    /// A program as the build leaves it, beside the bundle of the tests.
    static func executable(named name: String) throws -> URL {
        let bundles = Bundle.allBundles.map(\.bundleURL) + [URL(fileURLWithPath: CommandLine.arguments[0])]
        for bundle in bundles {
            var folder = bundle.resolvingSymlinksInPath()
            for _ in 0..<4 {
                folder.deleteLastPathComponent()
                let candidate = folder.appending(path: name)
                if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
            }
        }
        throw CocoaError(.fileNoSuchFile)
    }
}

/// A folder of its own for a test, gone with its last use.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of something in the folder.
    func path(_ name: String) -> String { url.appending(path: name).path }

    /// Writes a file, and the folders it is in, and returns its path.
    @discardableResult
    func write(_ name: String, _ contents: Data) throws -> String {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try contents.write(to: file)
        return file.path
    }

    /// Writes a picture of one colour with a darker stripe, as a portable pixmap.
    @discardableResult
    func writePhoto(_ name: String, red: UInt8, green: UInt8, blue: UInt8) throws -> String {
        try write(name, Photo.pixmap(red: red, green: green, blue: blue))
    }
}

enum Photo {
    static func pixmap(red: UInt8, green: UInt8, blue: UInt8, side: Int = 40) -> Data {
        var data = Data("P6\n\(side) \(side)\n255\n".utf8)
        for row in 0..<side {
            for _ in 0..<side { data += row % 8 < 2 ? [red / 2, green / 2, blue / 2] : [red, green, blue] }
        }
        return data
    }
}
