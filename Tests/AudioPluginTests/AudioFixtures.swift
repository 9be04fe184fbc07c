import AttentionEngine
import AudioPlugin
import Foundation
import PluginKit

enum AudioFixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/audio")

    static func file(_ name: String) -> String { folder.appending(path: "files/\(name)").path }

    static func bytes(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: file(name)))) }

    static func table<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
    }
}

/// Reads bytes as a file of this name.
func read(_ bytes: [UInt8], as name: String = "clip.wav", limits: ReadingLimits = ReadingLimits()) throws -> Waveform {
    try AudioReader().read(InputFile(name: name, bytes: bytes), limits: limits)
}

/// A WAV file, with what a test wants wrong about it.
struct WaveFile: Sendable {
    var format: UInt16 = 1
    var channels: UInt16 = 1
    var sampleRate: UInt32 = 16_000
    var bits: UInt16 = 16
    /// What the header says; by default the truth.
    var declaredSize: UInt32?
    var declaredWholeSize: UInt32?
    var data: [UInt8] = []

    static func pcm16(_ samples: [Int16], channels: UInt16 = 1, sampleRate: UInt32 = 16_000) -> WaveFile {
        WaveFile(channels: channels, sampleRate: sampleRate, data: samples.flatMap { little($0) })
    }

    static func float(_ samples: [Float]) -> WaveFile {
        WaveFile(format: 3, bits: 32, data: samples.flatMap { little($0.bitPattern) })
    }

    var bytes: [UInt8] {
        let block = channels &* (bits / 8)
        var file = Array("RIFF".utf8) + Self.little(declaredWholeSize ?? UInt32(data.count + 36)) + Array("WAVEfmt ".utf8)
        file += Self.little(UInt32(16)) + Self.little(format) + Self.little(channels) + Self.little(sampleRate)
        file += Self.little(sampleRate &* UInt32(block)) + Self.little(block) + Self.little(bits)
        return file + Array("data".utf8) + Self.little(declaredSize ?? UInt32(data.count)) + data
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
