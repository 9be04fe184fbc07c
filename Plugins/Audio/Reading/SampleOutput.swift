import AttentionEngine
import CAudioCodecs

/// Gathers the samples of one channel, at another rate where that is asked for.
///
/// They are kept in pieces until all are there: one array that grows would take twice the memory while it moves.
struct SampleOutput {
    /// Samples that have come out so far.
    private(set) var count = 0
    private var pieces: [[Float]] = []
    private var piece: [Float] = []
    private let resampler: Resampler?

    private static let pieceCount = 1 << 20

    /// - Throws: `InputError` if the rates differ and libsoxr is missing or fails.
    init(inputRate: Int, outputRate: Int, file: String) throws {
        resampler = inputRate == outputRate ? nil : try Resampler(from: inputRate, to: outputRate, file: file)
    }

    mutating func append(_ block: [Float]) throws {
        let before = piece.count
        if let resampler { try resampler.convert(block, into: &piece) } else { piece += block }
        count += piece.count - before
        if piece.count >= Self.pieceCount {
            pieces.append(piece)
            piece = []
            piece.reserveCapacity(Self.pieceCount + 4 * block.count)
        }
    }

    /// All samples, together with what the resampler still held.
    mutating func finish() throws -> [Float] {
        try resampler?.flush(into: &piece)
        pieces.append(piece)
        piece = []
        if pieces.count == 1 { return pieces[0] }
        var samples: [Float] = []
        samples.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        pieces.reverse()
        while let next = pieces.popLast() { samples += next }
        return samples
    }
}

/// libsoxr at work on one channel.
private final class Resampler {
    private let state: UnsafeMutableRawPointer
    private var output: [Float] = Array(repeating: 0, count: 1 << 14)
    private let file: String

    init(from inputRate: Int, to outputRate: Int, file: String) throws {
        try SoundLibrary.soxr.load(for: file)
        guard let state = audio_resampler_open(Double(inputRate), Double(outputRate)) else {
            throw InputError(
                file, found: "a sample rate of \(inputRate) Hz that libsoxr cannot change to \(outputRate) Hz", needed: "",
                remedy: "Convert it first")
        }
        self.state = state
        self.file = file
    }

    deinit { audio_resampler_close(state) }

    func convert(_ block: [Float], into samples: inout [Float]) throws {
        var position = 0
        while position < block.count {
            var taken = 0
            let written = block.withUnsafeBufferPointer { input in
                audio_resampler_process(
                    state, input.baseAddress! + position, input.count - position, &taken, &output, output.count)
            }
            guard written >= 0, taken > 0 || written > 0 else { throw failure }
            position += taken
            samples += output[..<Int(written)]
        }
    }

    func flush(into samples: inout [Float]) throws {
        while true {
            var taken = 0
            let written = audio_resampler_process(state, nil, 0, &taken, &output, output.count)
            guard written >= 0 else { throw failure }
            if written == 0 { return }
            samples += output[..<Int(written)]
        }
    }

    private var failure: InputError {
        InputError(file, found: "sound that libsoxr fails to resample", needed: "", remedy: "Convert it to 16 kHz first")
    }
}
