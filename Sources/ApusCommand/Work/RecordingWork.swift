import AttentionEngine
import PluginKit

/// Recordings that are written down one after the other, so that no more than one is in memory; one that fails is named while
/// the others are done.
struct RecordingWork<Model: Transcribing> {
    let model: Model
    let checkpoint: Checkpoint
    let registry: Registry
    let options: TranscriptionOptions
    let limits: ReadingLimits
    /// What standard output gets.
    let display: TranscriptDisplay?
    let files: TranscriptFiles?
    let isQuiet: Bool

    /// Does all recordings.
    ///
    /// - Throws: the exit status if a recording failed; the error itself where the model, the flags or the output are at fault.
    func run(_ entries: [InputFiles.Entry]) throws {
        try display?.validate(recordingCount: entries.count)
        try files?.createFolder()
        var failures = Failures(asJSON: display?.isJSON ?? false)
        var isFirst = true
        for (entry, stem) in zip(entries, TranscriptFiles.stems(of: entries.map(\.name))) {
            do {
                let recording = try registry.read(entry.file.get(), as: Model.Input.self, limits: limits)
                var showing = TranscriptShowing(
                    input: entry.name, display: display, heading: entries.count == 1 ? nil : isFirst ? .first : .next,
                    saysLanguage: options.language == nil && !isQuiet,
                    progress: ProgressBar(seconds: Model.duration(of: recording), isQuiet: isQuiet))
                isFirst = false
                let transcription = try transcribe(recording, &showing)
                if let written = try files?.write(transcription, stem: stem), !isQuiet {
                    StandardError.write("\(InputName.shown(entry.name)): \(written.printable)\n")
                }
            } catch let error as WorkAtFault {
                throw error.underlying
            } catch {
                try failures.add(entry.name, error)
            }
        }
        try failures.finish()
    }

    private func transcribe(_ recording: Model.Input, _ showing: inout TranscriptShowing) throws -> Transcription {
        defer { showing.end() }
        do {
            try showing.begin()
            let transcription = try model.transcribe(recording, options: options) { event in
                try showing.show(event)
                return true
            }
            try showing.finish(transcription)
            return transcription
        } catch let error as InputError where checkpoint.isAtFault(error) {
            throw WorkAtFault(underlying: error)
        }
    }
}

/// What ends the work on all recordings, and not on one.
struct WorkAtFault: Error {
    let underlying: any Error
}

/// One recording's transcript on standard output, and what else is told of it, as it is written.
struct TranscriptShowing {
    /// How a recording's name is shown above its transcript.
    enum Heading {
        case first, next
    }

    private let input: String
    private var writer: (any TranscriptWriter)?
    private let heading: String?
    private let saysLanguage: Bool
    private let namesInput: Bool
    private var progress: ProgressBar
    private var done = 0.0

    init(
        input: String, display: TranscriptDisplay?, heading: Heading?, saysLanguage: Bool, progress: ProgressBar
    ) {
        self.input = input
        self.saysLanguage = saysLanguage
        self.progress = progress
        writer = display?.writer(input: input)
        namesInput = heading != nil
        let name = Terminal.bold(InputName.shown(input))
        self.heading = display?.hasHeadings == true ? heading.map { $0 == .first ? "\(name)\n" : "\n\(name)\n" } : nil
    }

    /// Prints what stands before the transcript.
    mutating func begin() throws { try write((heading ?? "") + (writer?.opening ?? "")) }

    /// Shows what happened.
    ///
    /// - Throws: `WorkAtFault` if standard output cannot be written; `InputError` where the model makes no sense.
    mutating func show(_ event: TranscriptionEvent) throws {
        switch event {
        case .language(let code, _):
            guard saysLanguage else { return }
            progress.erase()
            let place = namesInput ? "\(InputName.shown(input)): detected" : "Detected"
            StandardError.write("\(place) language: \(SpokenLanguage.name(of: code).printable)\n")
        case .segment(let segment):
            guard !segment.averageLogProbability.isNaN else {
                throw InputError(
                    "", found: "the model answers with something that is no number", needed: "probabilities",
                    remedy: "Its weights may be damaged; download them again")
            }
            try write(writer?.add(segment) ?? "")
        case .progress(let seconds):
            done = max(done, seconds)
        }
        progress.show(seconds: done)
    }

    /// Prints what stands after the transcript.
    mutating func finish(_ transcription: Transcription) throws { try write(writer?.finish(transcription) ?? "") }

    /// Leaves the line of the terminal clear.
    mutating func end() { progress.erase() }

    private mutating func write(_ text: String) throws {
        if text.isEmpty { return }
        progress.erase()
        do { try StandardOutput.write(text: text) } catch { throw WorkAtFault(underlying: error) }
    }
}
