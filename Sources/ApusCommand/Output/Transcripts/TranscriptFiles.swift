#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import AttentionEngine
import PluginKit

/// The files that hold the transcripts of recordings: one for each recording and format.
struct TranscriptFiles {
    private let folder: String
    private let formats: [TranscriptFormat]
    private let layout: SubtitleLayout

    init(in folder: String, _ formats: [TranscriptFormat], _ layout: SubtitleLayout) {
        self.folder = folder
        self.formats = formats
        self.layout = layout
    }

    /// Creates the folder, where it is missing.
    ///
    /// - Throws: `InputError` if that cannot be.
    func createFolder() throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw InputError(
                "--output-dir \(folder)", found: "a folder that cannot be made", needed: "one that files can be written to",
                remedy: "Name another")
        }
    }

    /// Writes all files of a recording, each whole or not at all.
    ///
    /// - Parameter stem: their name without the extension.
    /// - Returns: what was written, for people: `out/clip.srt`, `out/clip.{txt,srt}`.
    /// - Throws: `InputError` naming the file that cannot be written.
    func write(_ transcription: Transcription, stem: String) throws -> String {
        let path = folder.hasSuffix("/") ? folder + stem : "\(folder)/\(stem)"
        for format in formats {
            var writer = format.writer(layout)
            var text = writer.opening
            for segment in transcription.segments { text += writer.add(segment) }
            text += writer.finish(transcription)
            do {
                try Data(text.utf8).write(to: URL(filePath: "\(path).\(format.rawValue)"), options: .atomic)
            } catch {
                throw InputError(
                    "\(path).\(format.rawValue)", found: "cannot be written", needed: "a folder with room that may be written to",
                    remedy: "Make room, or name another with --output-dir")
            }
        }
        let types = formats.map(\.rawValue)
        return "\(path).\(types.count == 1 ? types[0] : "{\(types.joined(separator: ","))}")"
    }

    /// A name for the files of each input: the input's own without folder and extension. Of inputs that share it the first has it,
    /// and the others a number behind.
    static func stems(of inputs: [String]) -> [String] {
        let own = inputs.map(stem)
        // Some file systems tell no capitals from small letters.
        var taken = Set(own.map { $0.lowercased() })
        var given: Set<String> = []
        return own.map { stem in
            if given.insert(stem.lowercased()).inserted { return stem }
            var number = 2
            while !taken.insert("\(stem)-\(number)".lowercased()).inserted { number += 1 }
            return "\(stem)-\(number)"
        }
    }

    private static func stem(of input: String) -> String {
        if input == "-" { return "stdin" }
        let name = input.split(separator: "/").last.map(String.init) ?? input
        guard let dot = name.lastIndex(of: "."), name[..<dot].contains(where: { $0 != "." }) else { return name }
        return String(name[..<dot])
    }
}
