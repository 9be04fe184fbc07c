import AttentionEngine
import PluginKit

/// One recording being transcribed.
struct TranscriptionWork {
    private let transcriber: Transcriber
    private let waveform: Waveform
    private let options: TranscriptionOptions
    private let decoder: WindowDecoder
    private let onEvent: (TranscriptionEvent) throws -> Bool
    /// Where somebody speaks; `nil` where silence is not to be passed over.
    private let activity: VoiceActivity?
    /// Whether one window holds the recording.
    private let isSingleWindow: Bool
    private var previous: PreviousText
    private var language: String?
    private var segments: [TranscribedSegment] = []
    private var isStopped = false

    /// - Throws: `InputError` if an option does not suit the model.
    init(
        _ transcriber: Transcriber, _ waveform: Waveform, _ options: TranscriptionOptions,
        onEvent: @escaping (TranscriptionEvent) throws -> Bool
    ) throws {
        self.transcriber = transcriber
        self.waveform = waveform
        self.options = options
        self.onEvent = onEvent
        decoder = try transcriber.decoder(for: options)
        language = options.language ?? (transcriber.vocabulary.languages.isEmpty ? "en" : nil)
        activity = options.skipsSilence ? try VoiceActivity(of: waveform) : nil
        isSingleWindow = waveform.samples.count <= transcriber.converter.windowSampleCount
        let conditions = options.conditionsOnPreviousText ?? transcriber.vocabulary.knowsTimestamps
        previous = PreviousText(
            transcriber.vocabulary, initial: try transcriber.initialIDs(options.initialPrompt),
            carriesInitial: options.carriesInitialPrompt, conditions: conditions && !options.isBatched && !isSingleWindow,
            limit: transcriber.previousTextLimit)
    }

    /// Does all of it, or as much as `onEvent` wants.
    mutating func run() throws -> Transcription {
        if options.isBatched || !decoder.hasTimestamps && !isSingleWindow {
            try runParts()
        } else {
            try runWindows()
        }
        if !isStopped { try report(.progress(seconds: waveform.duration)) }
        return Transcription(language: language, segments: segments)
    }

    private mutating func report(_ event: TranscriptionEvent) throws {
        if try !onEvent(event) { isStopped = true }
    }

    // MARK: Windows, one after the other

    private mutating func runWindows() throws {
        let features = try WindowFeatures(waveform, transcriber.converter)
        for clip in clips(of: features.frameCount) where !isStopped {
            var seek = clip.lowerBound
            while seek < clip.upperBound, !isStopped {
                try report(.progress(seconds: seconds(seek)))
                if let next = frameOfSpeech(from: seek) {
                    if next > seek {
                        seek = next
                        continue
                    }
                } else {
                    break
                }
                let frames = seek..<min(seek + transcriber.converter.windowFrameCount, clip.upperBound)
                seek += try transcribe(frames, try features.window(frames))
            }
        }
    }

    /// The frames to do.
    private func clips(of frameCount: Int) -> [Range<Int>] {
        if options.clips.isEmpty { return [0..<frameCount] }
        func frame(_ seconds: Double) -> Int {
            Int(min(max(0, seconds / transcriber.secondsPerFrame), Double(frameCount)).rounded())
        }
        return options.clips.map { frame($0.lowerBound)..<max(frame($0.lowerBound), frame($0.upperBound)) }
    }

    private func seconds(_ frame: Int) -> Double { Double(frame) * transcriber.secondsPerFrame }

    /// The frame from which on a window is worth decoding; `nil` where nobody speaks any more.
    private func frameOfSpeech(from seek: Int) -> Int? {
        let hop = transcriber.converter.hopLength, place = seek * hop
        // Behind the end of a recording of one window the reference looks for more, and so does this.
        if place >= waveform.samples.count { return seek }
        guard let activity else { return seek }
        guard let next = activity.speech.first(where: { $0.upperBound > place }) else { return nil }
        let ahead = next.lowerBound - place, rate = transcriber.converter.sampleRate
        if isSingleWindow || ahead <= 2 * rate { return seek }
        return (next.lowerBound - rate / 2) / hop
    }

    /// Decodes a window and returns by how many frames the work went on.
    private mutating func transcribe(_ frames: Range<Int>, _ features: Tensor) throws -> Int {
        let memory = try transcriber.model.memory(of: features)
        let prompt = try prompt(memory)
        guard let window = try decoder.decode(memory, previous: previous.prompt, prompt: prompt).first else {
            return frames.count
        }
        let isBeyondEnd = frames.lowerBound * transcriber.converter.hopLength >= waveform.samples.count
        let isMute = isBeyondEnd && window.noSpeechProbability > options.noSpeechThreshold ?? 1
        if isMute || decoder.isSilent(window) { return frames.count }

        let steps = frames.count / transcriber.framesPerStep
        let cut = WindowSegments(window.ids, firstTimestamp: transcriber.vocabulary.firstTimestamp, stepCount: steps)
        var advance = cut.doneSteps.map { min($0 * transcriber.framesPerStep, frames.count) } ?? frames.count
        if advance <= 0 { advance = frames.count }
        var new = cut.segments.map { segment($0, of: window, offset: seconds(frames.lowerBound)) }
        if options.hasWordTimestamps {
            let alignment = WordAlignment(transcriber, language: language)
            let end = try alignment.addWords(
                to: &new, memory: memory, prompt: prompt, frameCount: frames.count, offset: seconds(frames.lowerBound),
                lastEnd: segments.last?.end ?? 0, keepsAll: isSingleWindow)
            // What is left of a window starts better where the last word ended than where the model believes.
            if cut.doneSteps != nil, let end, end > seconds(frames.lowerBound) {
                let next = Int((end / transcriber.secondsPerFrame).rounded()) - frames.lowerBound
                if next > 0 { advance = min(next, frames.count) }
            }
        }
        try finish(new, of: window)
        return advance
    }

    // MARK: Parts, cut at silence

    private mutating func runParts() throws {
        let size = options.isBatched ? max(1, options.batchSize) : 1
        let parts = self.parts
        for start in stride(from: 0, to: parts.count, by: size) where !isStopped {
            let batch = Array(parts[start..<min(start + size, parts.count)])
            try report(.progress(seconds: Double(batch[0].lowerBound) / Double(transcriber.converter.sampleRate)))
            let memory = try transcriber.model.memory(of: transcriber.converter.features(of: waveform, in: batch))
            let prompt = try prompt(memory)
            let windows = try decoder.decode(memory, previous: previous.prompt, prompt: prompt)
            for (row, (part, window)) in zip(batch, windows).enumerated() where !isStopped {
                if decoder.isSilent(window) { continue }
                try finish(part, window, memory: memory, row: row, prompt: prompt)
            }
        }
    }

    /// Stretches of at most a window that together hold all that is said.
    private var parts: [Range<Int>] {
        let size = transcriber.converter.windowSampleCount, count = waveform.samples.count
        let parts =
            activity?.windows(atMost: Double(size) / Double(transcriber.converter.sampleRate))
            ?? stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
        if options.clips.isEmpty { return parts }
        let clips = self.clips(of: waveform.samples.count / transcriber.converter.hopLength).map {
            $0.lowerBound * transcriber.converter.hopLength..<$0.upperBound * transcriber.converter.hopLength
        }
        return clips.flatMap { clip in parts.map { $0.clamped(to: clip) } }.filter { !$0.isEmpty }
    }

    private mutating func finish(_ part: Range<Int>, _ window: DecodedWindow, memory: CrossMemory, row: Int, prompt: [Int]) throws
    {
        let offset = Double(part.lowerBound) / Double(transcriber.converter.sampleRate)
        let frames = part.count / transcriber.converter.hopLength, steps = frames / transcriber.framesPerStep
        let cut = WindowSegments(window.ids, firstTimestamp: transcriber.vocabulary.firstTimestamp, stepCount: steps)
        var new = (cut.segments + [cut.unfinished].compactMap(\.self)).map { segment($0, of: window, offset: offset) }
        let partEnd = Double(part.upperBound) / Double(transcriber.converter.sampleRate)
        for index in new.indices {
            new[index].start = min(new[index].start, partEnd)
            new[index].end = min(new[index].end, partEnd)
        }
        if options.hasWordTimestamps {
            var single = memory
            single.reorder([row])
            _ = try WordAlignment(transcriber, language: language).addWords(
                to: &new, memory: single, prompt: prompt, frameCount: frames, offset: offset, lastEnd: segments.last?.end ?? 0,
                keepsAll: true)
        }
        try finish(new, of: window)
    }

    // MARK: Steps

    /// What asks for a window's text; finds the language out the first time.
    private mutating func prompt(_ memory: CrossMemory) throws -> [Int] {
        if language == nil, let found = try decoder.languages(memory).first {
            language = found.code
            try report(.language(found.code, probability: found.probability))
        }
        let id = language.flatMap { transcriber.vocabulary.languages[$0] }
        return transcriber.vocabulary.prompt(language: id, task: options.task, hasTimestamps: decoder.hasTimestamps)
    }

    private func segment(_ cut: WindowSegments.Segment, of window: DecodedWindow, offset: Double) -> TranscribedSegment {
        let step = Double(transcriber.framesPerStep) * transcriber.secondsPerFrame
        return TranscribedSegment(
            id: 0, seek: Int((offset * 100).rounded()), start: offset + Double(cut.start) * step,
            end: offset + Double(cut.end) * step, text: decoder.text(of: cut.ids), tokens: cut.ids,
            temperature: window.temperature, averageLogProbability: window.averageLogProbability,
            compressionRatio: window.compressionRatio, noSpeechProbability: window.noSpeechProbability)
    }

    /// Adds the segments of a window that say something; they help with what follows.
    private mutating func finish(_ new: [TranscribedSegment], of window: DecodedWindow) throws {
        let new = new.filter(saysSomething)
        for segment in new where !isStopped { try add(segment) }
        previous.append(new.flatMap(\.tokens), temperature: window.temperature)
    }

    private func saysSomething(_ segment: TranscribedSegment) -> Bool {
        if segment.text.allSatisfy(\.isWhitespace) { return false }
        // Where several windows follow one another, what lasts no time or starts after the end is invented.
        return isSingleWindow || segment.start != segment.end && segment.start < waveform.duration
    }

    /// Adds a segment; times neither go back nor pass the recording's end.
    private mutating func add(_ segment: TranscribedSegment) throws {
        func hundredths(_ seconds: Double) -> Double { (seconds * 100).rounded() / 100 }
        let first = segments.last?.end ?? 0
        var segment = segment
        segment.id = segments.count
        segment.start = hundredths(max(min(segment.start, waveform.duration), first))
        segment.end = hundredths(max(min(segment.end, waveform.duration), segment.start))
        segments.append(segment)
        try report(.segment(segment))
    }
}
