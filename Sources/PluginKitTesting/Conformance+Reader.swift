import AttentionEngine
public import PluginKit

extension Conformance {
    /// Checks that a reader reads sound files, and survives all others.
    ///
    /// Each file is read whole; then cut short at up to 300 places, with up to four of its bits flipped in 300 ways, with
    /// stretches of it overwritten, and with text or noise in its place. A damaged file may be read or refused, but what is
    /// thrown must be an `InputError` that says what was found; a trap ends the tests. Limits must hold, and a file that is
    /// not there must be refused.
    ///
    /// - Parameters:
    ///   - reader: the reader.
    ///   - files: paths of sound files, small ones: each is read about a thousand times.
    ///   - elementLimit: the most elements that damaged files are allowed.
    /// - Throws: `ConformanceFailure`.
    public static func checkReader<R: Reader>(_ reader: R, on files: [String], elementLimit: Int = 1_000_000) throws {
        try checkNames(of: R.self)
        let name = "\(R.self)"
        try require(!files.isEmpty, "\(name): no files to check it with")
        let absent = InputFile(path: "/nonexistent/file.\(R.fileTypes.sorted().first ?? "")")
        try expectRefusal("\(name): a file that is not there") { _ = try reader.read(absent, limits: ReadingLimits()) }
        for path in files {
            let bytes = try InputFile(path: path).bytes()
            do {
                _ = try reader.read(InputFile(path: path), limits: ReadingLimits())
                _ = try reader.read(InputFile(name: path, bytes: bytes), limits: ReadingLimits())
            } catch {
                throw ConformanceFailure("\(name): the sound file \(path) was refused: \(error)")
            }
            try expectRefusal("\(name): \(path) though limits allow no element") {
                _ = try reader.read(InputFile(name: path, bytes: bytes), limits: ReadingLimits(maximumElements: 0))
            }
            for (damage, damaged) in Damage.variants(of: bytes) {
                try expectAnswerOrRefusal("\(name): \(path) \(damage)") {
                    _ = try reader.read(
                        InputFile(name: path, bytes: damaged), limits: ReadingLimits(maximumElements: elementLimit))
                }
            }
        }
    }

    /// Checks what a reader calls itself and its files.
    static func checkNames<R: Reader>(of reader: R.Type) throws {
        try require(!R.kind.isEmpty, "\(R.self): its kind has no name")
        try require(!R.fileTypes.isEmpty, "\(R.self): it has no file types")
        for type in R.fileTypes {
            let isPlain = !type.isEmpty && type == type.lowercased() && !type.contains(".") && !type.contains("/")
            try require(isPlain, "\(R.self): the file type “\(type)” must be lower case, without the dot")
        }
    }

    static func expectAnswerOrRefusal(_ what: String, _ work: () throws -> Void) throws {
        do { try work() } catch { try checkRefusal(error, what) }
    }

    static func expectRefusal(_ what: String, _ work: () throws -> Void) throws {
        do { try work() } catch { return try checkRefusal(error, what) }
        throw ConformanceFailure("\(what) was accepted")
    }

    private static func checkRefusal(_ error: any Error, _ what: String) throws {
        guard let error = error as? InputError else {
            throw ConformanceFailure("\(what): threw \(type(of: error)) (\(error)) and not an InputError")
        }
        try require(!error.found.isEmpty, "\(what): the error does not say what was found")
    }
}
