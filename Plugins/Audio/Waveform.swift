/// Sound in memory: one channel of samples.
public struct Waveform: Sendable, Hashable {
    /// The samples, nominally between -1 and 1.
    public var samples: [Float]
    /// Samples in a second, in hertz.
    public var sampleRate: Int

    /// Creates a waveform.
    public init(samples: [Float], sampleRate: Int) {
        self.samples = samples
        self.sampleRate = sampleRate
    }

    /// The length in seconds.
    public var duration: Double { sampleRate > 0 ? Double(samples.count) / Double(sampleRate) : 0 }
}
