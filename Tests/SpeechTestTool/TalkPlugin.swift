import AttentionEngine
import PluginKit

/// A modality for tests of `apus transcribe`: recordings that are texts, which say themselves what is to be heard in them.
enum TalkPlugin: Plugin {
    static let name = "talk"

    static func register(in registry: inout Registry) throws {
        try registry.register(TalkReader())
        try registry.register(TalkFamily.self)
    }
}

/// A recording: `talk`, its seconds, and then a line for each thing that happens.
struct Talk: Sendable {
    var duration: Double
    var events: [Event]

    enum Event: Sendable {
        /// `0 4.5 Hello there`: from when to when, and the words.
        case segment(start: Double, end: Double, words: [String])
        /// `language fr`: what is detected.
        case language(String)
        /// `again 1000`: the last segment so many times more.
        case again(Int)
        /// `fail`, `fault`, `nan`: the recording, the model's folder or the model's numbers are at fault.
        case fail, fault, notANumber
    }
}

struct TalkReader: Reader {
    static let kind = "talk"
    static let fileTypes: Set = ["talk", "speech"]

    func read(_ file: InputFile, limits: ReadingLimits) throws -> Talk {
        let lines = String(decoding: try file.bytes(), as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        guard let first = lines.first, first.count == 2, first[0] == "talk", let duration = Double(first[1]) else {
            throw InputError(file.name, found: "no talk", needed: "one", remedy: "Write one")
        }
        if let maximum = limits.maximumElements, duration * 16_000 > Double(maximum) {
            throw InputError(file.name, found: "\(duration) seconds", needed: "at most \(maximum / 16_000)", remedy: "Cut it")
        }
        return Talk(duration: duration, events: try lines.dropFirst().map { try event($0, file) })
    }

    private func event(_ words: [String], _ file: InputFile) throws -> Talk.Event {
        switch words[0] {
        case "language" where words.count == 2: return .language(words[1])
        case "again" where words.count == 2: return .again(Int(words[1]) ?? 0)
        case "fail": return .fail
        case "fault": return .fault
        case "nan": return .notANumber
        default:
            guard words.count > 2, let start = Double(words[0]), let end = Double(words[1]) else {
                throw InputError(file.name, found: "the line \(words)", needed: "times and words", remedy: "Mend it")
            }
            return .segment(start: start, end: end, words: Array(words[2...]))
        }
    }
}

/// A model that hears what stands in a talk.
struct TalkFamily: Transcribing, SpeechMeasuring {
    static let name = "Talk"
    static let modelTypes: Set = ["talk"]

    let languages: [String]
    private let folder: String

    private struct Configuration: Decodable {
        var languages: [String]
    }

    init(_ checkpoint: Checkpoint) throws {
        languages = try checkpoint.configuration(as: Configuration.self).languages
        folder = checkpoint.folder
    }

    static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
        ModelSummary(tasks: ["transcribe"], sizes: [], preprocessing: [])
    }

    static func duration(of input: Talk) -> Double { input.duration }

    func transcribe(
        _ input: Talk, options: TranscriptionOptions, onEvent: (TranscriptionEvent) throws -> Bool
    ) throws -> Transcription {
        var result = Transcription(language: options.language ?? "en", segments: [])
        func add(_ segment: TranscribedSegment) throws -> Bool {
            result.segments.append(segment)
            guard try onEvent(.segment(segment)) else { return false }
            return try onEvent(.progress(seconds: segment.end))
        }
        for event in input.events {
            switch event {
            case .language(let code):
                guard options.language == nil else { continue }
                result.language = code
                guard try onEvent(.language(code, probability: 0.9)) else { return result }
            case .segment(let start, let end, let words):
                let id = result.segments.count
                guard try add(segment(id: id, start: start, end: end, words: words, options)) else { return result }
            case .again(let count):
                for _ in 0..<count {
                    guard let last = result.segments.last, try add(last) else { return result }
                }
            case .fail: throw InputError("", found: "noise", needed: "speech", remedy: "Speak up")
            case .fault: throw InputError("\(folder)/config.json", found: "nonsense", needed: "sense", remedy: "Mend it")
            case .notANumber:
                var bad = segment(id: 0, start: 0, end: 1, words: ["bad"], options)
                bad.averageLogProbability = .nan
                guard try add(bad) else { return result }
            }
        }
        return result
    }

    private func segment(
        id: Int, start: Double, end: Double, words: [String], _ options: TranscriptionOptions
    ) -> TranscribedSegment {
        let step = (end - start) / Double(words.count)
        let timed = words.enumerated().map { index, word in
            TranscribedWord(
                word: " " + word, start: start + step * Double(index), end: start + step * Double(index + 1), probability: 0.5)
        }
        return TranscribedSegment(
            id: id, seek: 0, start: start, end: end, text: timed.map(\.word).joined(), tokens: [1, 2],
            averageLogProbability: -0.25, words: options.hasWordTimestamps ? timed : nil)
    }

    func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors { [:] }

    func exampleInputs(batchSize: Int) -> NamedTensors {
        ["input_features": Tensor(repeating: 0, shape: [batchSize, 80, 3000])]
    }

    func encodeWindows(_ windows: NamedTensors) throws -> any Sendable { windows["input_features"]?.shape[0] ?? 0 }

    func writeTokens(for encoding: any Sendable, beamCount: Int, tokenCount: Int) throws {
        guard encoding is Int, tokenCount <= 448 else {
            throw InputError("--output-tokens", found: "\(tokenCount)", needed: "at most 448", remedy: "Write fewer")
        }
    }
}
