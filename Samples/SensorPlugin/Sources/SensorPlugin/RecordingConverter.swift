import AttentionEngine
import PluginKit

/// Cuts recordings into windows of the length that a model takes, with the channels it knows, on the scale it knows.
public struct RecordingConverter: Sendable {
    private let settings: Settings
    private let length: Int

    /// `preprocessor_config.json`.
    private struct Settings: Decodable {
        var channels: [String]
        var rate: Double
        var mean: [Double]
        var deviation: [Double]
        var windows: Int

        enum CodingKeys: String, CodingKey {
            case channels, mean
            case rate = "sampling_rate"
            case deviation = "std"
            case windows = "maximum_windows"
        }
    }

    /// Reads the checkpoint's settings.
    ///
    /// - Parameters:
    ///   - channelCount: of the model.
    ///   - length: of a window, in samples.
    /// - Throws: `InputError` naming the key that does not fit.
    public init(_ checkpoint: Checkpoint, channelCount: Int, length: Int) throws {
        let file = "preprocessor_config.json"
        guard let settings = try checkpoint.file(file, as: Settings.self) else {
            throw InputError(checkpoint.folder, found: "no \(file)", needed: "the channels' names and scale", remedy: "Add it")
        }
        self.settings = settings
        self.length = length
        let counts = ["channels": settings.channels.count, "mean": settings.mean.count, "std": settings.deviation.count]
        for (key, count) in counts { try checkpoint.checked(key, count, in: channelCount...channelCount, file: file) }
        for mean in settings.mean { try checkpoint.checked("mean", mean, in: -1e9...1e9, file: file) }
        for deviation in settings.deviation { try checkpoint.checked("std", deviation, in: 1e-9...1e9, file: file) }
        try checkpoint.checked("sampling_rate", settings.rate, in: 1e-9...1e9, file: file)
        try checkpoint.checked("maximum_windows", settings.windows, in: 1...1_024, file: file)
    }

    /// Windows spread evenly over a recording, the first at its start and the last at its end.
    ///
    /// - Returns: `[windows, channels, length]`.
    /// - Throws: `InputError` if the recording lacks a channel, is too short, or was measured at another rate.
    public func callAsFunction(_ recording: Recording) throws -> Tensor {
        let columns = try settings.channels.map { name in
            guard let column = recording.channels.firstIndex(of: name) else {
                throw failure("the columns \(recording.channels.joined(separator: ", "))", needed: "one named \(name)")
            }
            return column
        }
        try checkRate(of: recording)
        let spare = recording.count - length, width = recording.channels.count
        guard spare >= 0 else { throw failure("\(recording.count) samples", needed: "at least \(length)") }
        let count = spare == 0 ? 1 : min(settings.windows, spare / length + 2)
        var numbers: [Float] = []
        for start in (0..<count).map({ count == 1 ? 0 : spare * $0 / (count - 1) }) {
            for (channel, column) in columns.enumerated() {
                for row in start..<start + length {
                    let value = recording.values[row * width + column]
                    numbers.append(Float((value - settings.mean[channel]) / settings.deviation[channel]))
                }
            }
        }
        return Tensor(numbers, shape: [count, columns.count, length])
    }

    /// A column `time`, in seconds, tells the rate; without one it is taken to be the model's.
    private func checkRate(of recording: Recording) throws {
        guard let column = recording.channels.firstIndex(of: "time"), recording.count > 1 else { return }
        let last = recording.values.count - recording.channels.count + column
        let seconds = recording.values[last] - recording.values[column]
        let rate = Double(recording.count - 1) / seconds
        if abs(rate - settings.rate) <= settings.rate / 20 { return }
        throw failure("\(rate) samples in a second", needed: "\(settings.rate), or nearly so")
    }

    private func failure(_ found: String, needed: String) -> InputError {
        InputError("", found: "a recording with \(found)", needed: needed, remedy: "Record or resample it for the model")
    }
}
