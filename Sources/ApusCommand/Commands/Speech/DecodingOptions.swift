import ArgumentParser
import AttentionEngine
import PluginKit

/// How a recording is written down: what becomes `TranscriptionOptions`.
struct DecodingOptions: ParsableArguments {
    /// What `--task` takes.
    enum Task: String, CaseIterable, ExpressibleByArgument {
        case transcribe, translate
    }

    @Option(help: ArgumentHelp("Write what is said as it is, or in English.", valueName: "task"))
    var task = Task.transcribe

    @Option(help: ArgumentHelp("What is spoken: a code or an English name; auto listens for it.", valueName: "language"))
    var language = "auto"

    @Flag(inversion: .prefixedNo, help: "Have the model write times. (default: as it was trained)")
    var timestamps: Bool?

    @Flag(help: "Find out when each word is said.")
    var wordTimestamps = false

    @Option(
        help: ArgumentHelp(
            "The parts to do, in seconds: start,end,start,end and so on; the last end may be left out.", valueName: "times"))
    var clipTimestamps: String?

    @Flag(inversion: .prefixedNo, help: "Pass over stretches without speech.")
    var skipSilence = true

    @Flag(help: "Cut the recording at silence and decode its parts together, for speed; none helps with the next.")
    var batched = false

    @Option(name: .customLong("batch-size"), help: ArgumentHelp("Parts to decode together. (default: 8)", valueName: "n"))
    var batchSize: Int?

    @Option(help: ArgumentHelp("Words and names to expect.", valueName: "text"))
    var initialPrompt: String?

    @Flag(help: "Let the initial prompt help with every window, not with the first alone.")
    var carryInitialPrompt = false

    @Option(
        help: ArgumentHelp(
            "Whether what was written helps with what follows. (default: true for models that write times)",
            valueName: "true|false"))
    var conditionOnPreviousText: TrueOrFalse?

    @Flag(help: "The same as --condition-on-previous-text false.")
    var noConditionOnPreviousText = false

    @Option(
        name: [.customLong("beam"), .customLong("beam-size")],
        help: ArgumentHelp("Candidates to follow at once. (default: as the model asks)", valueName: "n"))
    var beam: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Above 0 favours long results of beams. (default: as the model asks)", valueName: "number"))
    var lengthPenalty: Float?

    @Option(
        help: ArgumentHelp(
            "From 0, which takes the likeliest words, to 1; given without an increment, it is not raised. (default: 0)",
            valueName: "number"))
    var temperature: Float?

    @Option(
        help: ArgumentHelp(
            "By how much the temperature is raised, up to 1, where a result is poor; or none. (default: 0.2 for models that write times)",
            valueName: "number"
        ))
    var temperatureIncrementOnFallback: NumberOrNone?

    @Option(help: ArgumentHelp("Candidates to draw where the temperature is above 0; the best is taken.", valueName: "n"))
    var bestOf = TranscriptionOptions().sampleCount

    @Option(help: ArgumentHelp("The same seed draws the same.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("The most tokens of a window. (default: 224, or what the model has room for)", valueName: "n"))
    var maxTokens: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Tokens never to write: ids with commas between; -1 for those the model names.", valueName: "ids"))
    var suppressTokens = "-1"

    @Option(
        help: ArgumentHelp("A text that compresses better repeats itself and is poor; or none.", valueName: "number"))
    var compressionRatioThreshold = NumberOrNone(TranscriptionOptions().compressionRatioThreshold)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("A text with a lower mean logarithm of its probabilities is poor; or none.", valueName: "number"))
    var logprobThreshold = NumberOrNone(TranscriptionOptions().logProbabilityThreshold)

    @Option(
        help: ArgumentHelp(
            "A poor text is silence where silence has a higher probability; or none.", valueName: "number"))
    var noSpeechThreshold = NumberOrNone(TranscriptionOptions().noSpeechThreshold)

    func validate() throws {
        try batchSize.map { try Bounds.check($0, in: 1...1024, of: "--batch-size") }
        try beam.map { try Bounds.check($0, in: 1...64, of: "--beam") }
        try lengthPenalty.map { try Bounds.check($0, in: -100...100, of: "--length-penalty") }
        try temperature.map { try Bounds.check($0, in: 0...1, of: "--temperature") }
        try temperatureIncrementOnFallback.map { try Bounds.check($0, in: 0.01...1, of: "--temperature-increment-on-fallback") }
        try Bounds.check(bestOf, in: 1...64, of: "--best-of")
        try maxTokens.map { try Bounds.check($0, in: 1...65_536, of: "--max-tokens") }
        try Bounds.check(compressionRatioThreshold, in: 0...1_000, of: "--compression-ratio-threshold")
        try Bounds.check(logprobThreshold, in: -1_000...0, of: "--logprob-threshold")
        try Bounds.check(noSpeechThreshold, in: 0...1, of: "--no-speech-threshold")
        if batchSize != nil, !batched { throw ValidationError("--batch-size needs --batched.") }
        if carryInitialPrompt, initialPrompt == nil { throw ValidationError("--carry-initial-prompt needs --initial-prompt.") }
        if noConditionOnPreviousText, conditionOnPreviousText?.value == true {
            throw ValidationError("--no-condition-on-previous-text contradicts --condition-on-previous-text true.")
        }
        _ = try (languageCode, clips, suppressedTokens)
    }

    /// What a family gets.
    var options: TranscriptionOptions {
        get throws {
            var options = TranscriptionOptions()
            options.language = try languageCode
            options.task = task == .translate ? .translate : .transcribe
            options.hasTimestamps = timestamps
            options.hasWordTimestamps = wordTimestamps
            options.beamCount = beam
            options.lengthPenalty = lengthPenalty
            options.sampleCount = bestOf
            options.temperatures = temperatures
            options.seed = seed
            options.maximumTokens = maxTokens
            options.suppressedTokens = try suppressedTokens
            options.compressionRatioThreshold = compressionRatioThreshold.value
            options.logProbabilityThreshold = logprobThreshold.value
            options.noSpeechThreshold = noSpeechThreshold.value
            options.skipsSilence = skipSilence
            options.conditionsOnPreviousText = noConditionOnPreviousText ? false : conditionOnPreviousText?.value
            options.initialPrompt = initialPrompt
            options.carriesInitialPrompt = carryInitialPrompt
            options.clips = try clips
            options.isBatched = batched
            options.batchSize = batchSize ?? options.batchSize
            return options
        }
    }
}

extension DecodingOptions {
    /// The temperature, and those it is raised to; `nil` where the model is to decide.
    private var temperatures: [Float]? {
        guard temperature != nil || temperatureIncrementOnFallback != nil else { return nil }
        let first = temperature ?? 0
        guard let increment = temperatureIncrementOnFallback?.value else { return [first] }
        // Rounded, as what a Float holds of 0.2 is a little more.
        let step = (Double(increment) * 1e5).rounded() / 1e5
        return stride(from: Double(first), through: 1 + 1e-6, by: step).map { Float(($0 * 1e5).rounded() / 1e5) }
    }

    /// The code of the language, `nil` for auto. Codes that only the model may know are kept.
    private var languageCode: String? {
        get throws {
            if language.lowercased() == "auto" { return nil }
            if let code = SpokenLanguage.code(of: language) { return code }
            let isCode = (2...3).contains(language.utf8.count) && language.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A }
            if isCode { return language }
            let near = SpokenLanguage.similar(to: language)
            throw ValidationError(
                "--language was \(language.printable); it takes auto, a code such as fr, or a name such as French."
                    + (near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"))
        }
    }

    private var clips: [Range<Double>] {
        get throws {
            guard let clipTimestamps, !clipTimestamps.isEmpty else { return [] }
            let parts = clipTimestamps.split(separator: ",", omittingEmptySubsequences: false)
            var times = try parts.map { part in
                guard let time = Double(String(part).trimmed), time.isFinite, time >= 0 else {
                    throw ValidationError(
                        "--clip-timestamps has \(String(part).printable) among its times; it takes seconds with commas between.")
                }
                return time
            }
            if times.count % 2 == 1 { times.append(.infinity) }
            guard zip(times, times.dropFirst()).allSatisfy({ $0 <= $1 }) else {
                throw ValidationError(
                    "--clip-timestamps was \(clipTimestamps.printable); no time may be before the one in front of it.")
            }
            let clips = stride(from: 0, to: times.count, by: 2).map { times[$0]..<times[$0 + 1] }
            return clips == [0..<(.infinity)] ? [] : clips
        }
    }

    /// The ids, `nil` for those the model names.
    private var suppressedTokens: [Int]? {
        get throws {
            if suppressTokens.trimmed == "-1" { return nil }
            return try suppressTokens.split(separator: ",").map { part in
                guard let id = Int(String(part).trimmed), id >= 0 else {
                    throw ValidationError(
                        "--suppress-tokens has \(String(part).printable) among its ids; it takes ids with commas between, or -1 alone."
                    )
                }
                return id
            }
        }
    }
}
