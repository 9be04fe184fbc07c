import AttentionEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A run's steps and measures, an object a line.
final class TrainingLog {
    static let fileName = "training-log.jsonl"
    private let path: String
    private let descriptor: Int32
    private let encoder = JSONEncoder()

    /// What every line has.
    private struct Place: Decodable {
        var step: Int
    }

    private struct Validation: Encodable {
        var step: Int
        var measures: [String: Double]
        var isBest: Bool
    }

    /// Opens the log after a step: lines of later steps, which are going to be taken again, are removed.
    ///
    /// - Throws: `InputError` if the file cannot be written.
    init(_ path: String, upToStep step: Int) throws {
        var kept = ""
        if step > 0, let bytes = try? RegularFile(path).bytes(atMost: 1 << 31) {
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                guard let place = try? JSONDecoder().decode(Place.self, from: Data(line)), place.step <= step else { continue }
                kept += String(decoding: line, as: UTF8.self) + "\n"
            }
        }
        let temporary = "\(path).tmp"
        self.path = path
        encoder.outputFormatting = [.sortedKeys]
        // Takes the old one's place once what is kept of it is on the disk, and is appended to from then on.
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure }
        try write(kept)
        try sync()
        guard rename(temporary, path) == 0 else { throw failure }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private var failure: InputError {
        InputError(
            path, found: "a file that cannot be written (\(String(cString: strerror(errno))))", needed: "room for it",
            remedy: "Free space, or name another folder")
    }

    func add(_ report: StepReport) throws { try add(line: report) }

    func add(_ measures: [TrainingMeasure], isBest: Bool, step: Int) throws {
        let values = Dictionary(measures.map { ($0.name, $0.value) }) { first, _ in first }
        try add(line: Validation(step: step, measures: values.filter { $0.value.isFinite }, isBest: isBest))
    }

    private func add(line: some Encodable) throws {
        try write(String(decoding: encoder.encode(line), as: UTF8.self) + "\n")
    }

    private func write(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in
                #if canImport(Darwin)
                    Darwin.write(descriptor, bytes.baseAddress, bytes.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, bytes.baseAddress, bytes.count)
                #else
                    Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure }
            rest = rest.dropFirst(count)
        }
    }

    /// Returns when everything is on the disk.
    func sync() throws { if fsync(descriptor) != 0 { throw failure } }
}
