import ArgumentParser

/// What becomes of a transcript: where it goes, and in which format.
struct TranscriptOptions: ParsableArguments {
    /// What `--format` takes.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case txt, srt, vtt, tsv, json, all

        /// What is written to a folder.
        var files: [TranscriptFormat] { TranscriptFormat(rawValue: rawValue).map { [$0] } ?? TranscriptFormat.allCases }
    }

    @Option(
        name: [.customLong("format"), .customLong("output-format"), .customShort("f")],
        help: ArgumentHelp("How to write the transcript. (default: txt; with a folder, all)", valueName: "format"))
    var format: Format?

    @Option(
        name: [.customLong("output-dir"), .customShort("o")],
        help: ArgumentHelp(
            "Write files to this folder, named after the recordings: clip.srt; a second clip becomes clip-2.", valueName: "folder"
        ))
    var folder: String?

    @Flag(help: "Print each segment with its times.")
    var verbose = false

    @Flag(help: "Underline each word of subtitles while it is said. (needs --word-timestamps, as do the next three)")
    var highlightWords = false

    @Option(help: ArgumentHelp("The most characters of a subtitle's line.", valueName: "n"))
    var maxLineWidth: Int?

    @Option(help: ArgumentHelp("The most lines of a subtitle; needs --max-line-width.", valueName: "n"))
    var maxLineCount: Int?

    @Option(help: ArgumentHelp("The most words of a subtitle; not with --max-line-width.", valueName: "n"))
    var maxWordsPerLine: Int?

    func validate() throws {
        try maxLineWidth.map { try Bounds.check($0, in: 1...1_000_000, of: "--max-line-width") }
        try maxLineCount.map { try Bounds.check($0, in: 1...1_000_000, of: "--max-line-count") }
        try maxWordsPerLine.map { try Bounds.check($0, in: 1...1_000_000, of: "--max-words-per-line") }
        if folder?.isEmpty == true { throw ValidationError("--output-dir needs the name of a folder.") }
        if maxLineCount != nil, maxLineWidth == nil { throw ValidationError("--max-line-count needs --max-line-width.") }
        if maxWordsPerLine != nil, maxLineWidth != nil {
            throw ValidationError("--max-words-per-line and --max-line-width exclude each other.")
        }
    }

    /// Checks what other flags have a say in.
    func validate(hasWordTimestamps: Bool, asJSON: Bool) throws {
        let needsWords = [
            ("--highlight-words", highlightWords), ("--max-line-width", maxLineWidth != nil),
            ("--max-line-count", maxLineCount != nil), ("--max-words-per-line", maxWordsPerLine != nil),
        ]
        if let flag = needsWords.first(where: \.1)?.0, !hasWordTimestamps {
            throw ValidationError("\(flag) needs --word-timestamps.")
        }
        if verbose, asJSON { throw ValidationError("--verbose contradicts --json: both print the transcript.") }
        guard folder == nil else { return }
        switch format {
        case .all: throw ValidationError("--format all writes several files; it needs --output-dir.")
        case .srt, .vtt, .tsv:
            if asJSON { throw ValidationError("--format contradicts --json without --output-dir.") }
            fallthrough
        case .json:
            if verbose {
                throw ValidationError("--verbose contradicts --format without --output-dir: both print the transcript.")
            }
        case .txt where asJSON: throw ValidationError("--format contradicts --json without --output-dir.")
        case .txt, nil: break
        }
    }

    /// How subtitles are broken into lines.
    var layout: SubtitleLayout {
        SubtitleLayout(
            maximumLineWidth: maxLineWidth, maximumLineCount: maxLineCount, maximumWordCount: maxWordsPerLine,
            highlightsWords: highlightWords)
    }

    /// What standard output gets; nothing where only files are written.
    func shown(asJSON: Bool) -> TranscriptDisplay? {
        if asJSON || folder == nil && format == .json { return .json }
        if folder == nil, let format = format.flatMap({ TranscriptFormat(rawValue: $0.rawValue) }), format != .txt {
            return .document(format, layout)
        }
        if verbose { return .timed }
        return folder == nil ? .plain : nil
    }

    /// The files to write.
    var files: TranscriptFiles? { folder.map { TranscriptFiles(in: $0, (format ?? .all).files, layout) } }
}

/// What standard output shows of a transcript.
enum TranscriptDisplay {
    /// Lines of text, without or with times.
    case plain, timed
    /// An object in a line.
    case json
    /// A whole file, of which there can be one.
    case document(TranscriptFormat, SubtitleLayout)

    /// - Throws: `ValidationError` if so many transcripts have no place in it.
    func validate(recordingCount: Int) throws {
        guard case .document(let format, _) = self, recordingCount > 1 else { return }
        throw ValidationError(
            "--format \(format.rawValue) of several recordings needs --output-dir: one such file holds one transcript.")
    }

    /// A writer for one recording.
    func writer(input: String) -> any TranscriptWriter {
        switch self {
        case .plain: PlainTranscript()
        case .timed: TimedTranscript()
        case .json: JSONTranscript(input: input)
        case .document(let format, let layout): format.writer(layout)
        }
    }

    /// Whether the transcripts of several recordings can stand one after the other, each below its name.
    var hasHeadings: Bool {
        switch self {
        case .plain, .timed: true
        case .json, .document: false
        }
    }

    var isJSON: Bool { if case .json = self { true } else { false } }
}
