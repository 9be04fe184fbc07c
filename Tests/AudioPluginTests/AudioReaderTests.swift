import AttentionEngine
import AudioPlugin
import PluginKit
import Testing

@Suite("Reading sound files")
struct AudioReaderTests {
    @Test("samples come scaled to 1, and channels as their mean")
    func samples() throws {
        #expect(try read(WaveFile.pcm16([0, 16384, -32768]).bytes) == Waveform(samples: [0, 0.5, -1], sampleRate: 16_000))
        #expect(try read(WaveFile.pcm16([16384, -8192, 0, 16384], channels: 2).bytes).samples == [0.125, 0.25])
    }
}
