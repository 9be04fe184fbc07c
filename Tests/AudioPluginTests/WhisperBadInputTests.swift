import AttentionEngine
import Foundation
import PluginKit
import Testing
import TextPlugin

@testable import AudioPlugin

@Suite("A Whisper model that cannot do what is asked says so")
struct WhisperBadInputTests {
    /// A copy of the tiny model with some files changed; `nil` takes one away.
    private func changed(_ files: [String: ((inout [String: Any]) -> Void)?]) throws -> Checkpoint {
        let source = WhisperTests.fixtures.appending(path: "tiny")
        let folder = FileManager.default.temporaryDirectory.appending(path: "whisper-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where !name.hasPrefix("golden") {
            if case .some(.none) = files[name] { continue }
            var data = try Data(contentsOf: source.appending(path: name))
            if case .some(.some(let change)) = files[name] {
                var object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
                change(&object)
                data = try JSONSerialization.data(withJSONObject: object)
            }
            try data.write(to: folder.appending(path: name))
        }
        return try Checkpoint(folder: folder.path)
    }

    private func failure(
        _ checkpoint: Checkpoint, _ change: (inout TranscriptionOptions) -> Void = { _ in }, rate: Int = 16_000
    ) throws -> String {
        defer { if checkpoint.name.hasPrefix("whisper-") { try? FileManager.default.removeItem(atPath: checkpoint.folder) } }
        var options = TranscriptionOptions()
        change(&options)
        let sound = Waveform(samples: Array(repeating: 0.1, count: 20_000), sampleRate: rate)
        let error = #expect(throws: InputError.self) {
            _ = try WhisperTests.model(checkpoint).transcribe(sound, options: options) { _ in true }
        }
        return error?.description ?? ""
    }

    @Test("options that the model cannot follow")
    func options() throws {
        #expect(try failure(WhisperTests.tiny()) { $0.language = "xx" }.contains("auto or one of de, en, fr"))
        #expect(try failure(WhisperTests.tiny()) { $0.suppressedTokens = [9_999] }.contains("--suppress-tokens"))
        let english = try changed([
            "generation_config.json": {
                $0["is_multilingual"] = false; $0["lang_to_id"] = nil
            }
        ])
        #expect(try failure(english) { $0.task = .translate }.contains("--task"))
    }

    @Test("files that are missing or contradict one another")
    func files() throws {
        #expect(try failure(changed(["tokenizer.json": nil])).contains("tokenizer"))
        #expect(try failure(changed(["preprocessor_config.json": { $0["feature_size"] = 128 }])).contains("num_mel_bins"))
        #expect(
            try failure(
                changed([
                    "preprocessor_config.json": {
                        $0["chunk_length"] = 30; $0["n_samples"] = 480_000
                    }
                ])
            ).contains("max_source_positions"))
        #expect(try failure(changed(["preprocessor_config.json": { $0["hop_length"] = 0 }])).contains("hop_length"))
        for (key, value) in [("no_timestamps_token_id", 1 << 40), ("prev_sot_token_id", -1), ("decoder_start_token_id", 999_999)]
        {
            #expect(try failure(changed(["generation_config.json": { $0[key] = value }])).contains(key))
        }
        let heads = try failure(changed(["generation_config.json": { $0["alignment_heads"] = [[0, 77]] }]))
        #expect(heads.contains("alignment_heads"))
        let languages = try failure(changed(["generation_config.json": { $0["lang_to_id"] = ["<|en|>": -3] }]))
        #expect(languages.contains("lang_to_id"))
    }

    @Test("sound of another sample rate")
    func sampleRate() throws { #expect(try failure(WhisperTests.tiny(), rate: 8_000).contains("16000 Hz")) }

    @Test("numbers of config.json that cannot be")
    func configuration() throws {
        for (key, value) in [
            ("d_model", 0), ("d_model", -32), ("encoder_layers", 1 << 50), ("decoder_attention_heads", 5), ("num_mel_bins", 0),
            ("max_source_positions", -1), ("max_target_positions", 0), ("vocab_size", 1 << 60),
        ] {
            let checkpoint = try changed(["config.json": { $0[key] = value }])
            #expect(try failure(checkpoint).contains(key), "\(key)")
        }
    }

    @Test("a model without generation_config.json asks its tokenizer")
    func tokenizerAlone() throws {
        let checkpoint = try changed(["generation_config.json": nil, "config.json": { $0["vocab_size"] = 373 }])
        defer { try? FileManager.default.removeItem(atPath: checkpoint.folder) }
        let tokenizer = try TokenizerFiles().tokenizer(for: checkpoint)
        let vocabulary = try SpeechVocabulary(WhisperConfiguration(checkpoint), checkpoint, tokenizer)
        #expect(vocabulary.noTimestamps == tokenizer.id(of: "<|notimestamps|>"))
        #expect(vocabulary.previousText == tokenizer.id(of: "<|startofprev|>"))
        #expect(vocabulary.knowsTimestamps)
    }
}
