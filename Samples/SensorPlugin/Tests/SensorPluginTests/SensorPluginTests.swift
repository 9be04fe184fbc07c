import Apus
import Foundation
import PluginKitTesting
import SensorPlugin
import Testing

/// The sample's own folder.
private let sample = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

private func path(_ name: String) -> String { sample.appending(path: name).path }

private let model = path("Sources/SensorPlugin/sensor-activity")
private let recordings = ["climbing-stairs", "cycling", "running", "standing", "walking"].map { path("Recordings/\($0).csv") }

@Suite("The sensor plugin does what a plugin promises")
struct ConformanceTests {
    @Test("it registers beside the built-in plugins")
    func registration() throws { try Conformance.checkRegistration(of: SensorPlugin.self, besides: Apus.plugins) }

    @Test("the reader survives broken files", arguments: recordings)
    func reader(recording: String) throws { try Conformance.checkReader(RecordingReader(), on: [recording]) }

    @Test("the converter makes windows of three channels")
    func converter() throws {
        let converter = try RecordingConverter(Checkpoint(folder: model), channelCount: 3, length: 128)
        let values = try recordings.map { try RecordingReader().read(InputFile(path: $0), limits: ReadingLimits()) }
        try Conformance.checkConverter(on: values, shape: ["windows", 3, 128], converter.callAsFunction)
    }

    @Test("the embedding makes a vector of each patch, and one for all")
    func embedding() throws {
        let embedding = try RecordingEmbedding(channels: 3, patch: 16, width: 32, Checkpoint(folder: model).weights)
        try Conformance.checkEmbedding(of: [3, 128], positions: 9, width: 32, embedding.callAsFunction)
    }

    @Test("every hidden state and the logits are PyTorch's")
    func parity() throws {
        let model = try Registry(plugins: [SensorPlugin.self]).load(Checkpoint(folder: model))
        try Conformance.checkParity(of: model, with: path("Tests/SensorPluginTests/Fixtures/golden.safetensors"), tolerance: 1e-5)
    }

    @Test("the model runs on its own examples and refuses other inputs")
    func inputs() throws { try Conformance.checkModel(in: model, plugins: [SensorPlugin.self]) }

    @Test("damaged checkpoints are refused")
    func damage() throws { try Conformance.checkDamagedCheckpoints(of: model, plugins: [SensorPlugin.self]) }
}

@Suite("Recordings")
struct RecordingTests {
    private let classifier: any Classifying<Recording>

    init() throws {
        let family = try Registry(plugins: [SensorPlugin.self]).load(Checkpoint(folder: model))
        classifier = try #require(family as? any Classifying<Recording>)
    }

    private func read(_ text: String) throws -> Recording {
        try RecordingReader().read(InputFile(name: "a.csv", bytes: Array(text.utf8)), limits: ReadingLimits())
    }

    @Test("each is named rightly, with PyTorch's probabilities")
    func answers() throws {
        let file = sample.appending(path: "Tests/SensorPluginTests/Fixtures/expected.json")
        let expected = try JSONDecoder().decode([String: [String: Float]].self, from: Data(contentsOf: file))
        #expect(expected.count == recordings.count)
        for path in recordings {
            let name = try #require(path.split(separator: "/").last)
            let recording = try RecordingReader().read(InputFile(path: path), limits: ReadingLimits())
            let answer = try #require(try classifier.classify([recording]).first)
            #expect(answer[0].label == name.dropLast(4).replacing("-", with: " "))
            for guess in answer {
                let probability = try #require(expected[String(name)]?[guess.label])
                #expect(abs(guess.probability - probability) < 1e-5)
            }
        }
    }

    @Test("separators, quotation marks and line ends of spreadsheets are read")
    func dialects() throws {
        let plain = Recording(channels: ["x", "y"], values: [1, -2.5, 3e2, 4])
        for text in [
            "x,y\n1,-2.5\n300,4\n", "x;y\r\n1; -2.5\r\n3e2;4", "\u{FEFF}\"x\"\t\"y\"\n1\t-2.5\n\n300\t4\n\n",
            "x, y\n1, -2.5\n\"300\",4",
        ] {
            #expect(try read(text) == plain, "\(text)")
        }
    }

    @Test(
        "what is wrong with a file is said, with the line",
        arguments: [
            ("", "empty"), ("x,y\n", "no numbers"), ("x,y\n1,2\n3\n", "line 3"), ("x,y\n1,2,3\n", "line 2"),
            ("x,y\n1,nan\n", "nan"),
            ("x,y\n1,inf\n", "inf"), ("x,y\n1,1e300\n", "1e300"), ("x,y\n1,\n", "line 2"), ("1,2\n3,4\n", "line 1"),
            ("x,x\n1,2\n", "line 1"), ("x,\n1,2\n", "line 1"), ("x,y\n1,2\u{0}\n", "no text"),
        ])
    func complaints(text: String, hint: String) {
        let error = #expect(throws: InputError.self) { try read(text) }
        #expect(error?.description.contains(hint) == true, "\(error?.description ?? "")")
    }

    @Test("a recording that does not suit the model is refused")
    func unsuitable() throws {
        func recording(_ columns: String, rows: Int, step: Double = 0.02) throws -> Recording {
            let count = columns.split(separator: ",").count
            let lines = (0..<rows).map { row in
                ([Double(row) * step] + Array(repeating: 0, count: count - 1)).map { "\($0)" }.joined(separator: ",")
            }
            return try read(([columns] + lines).joined(separator: "\n"))
        }
        #expect(try classifier.classify([recording("time,z,y,x", rows: 128), recording("time,x,y,z,w", rows: 5_000)]).count == 2)
        for (recording, hint) in [
            (try recording("time,x,y", rows: 200), "one named z"), (try recording("time,x,y,z", rows: 127), "at least 128"),
            (try recording("time,x,y,z", rows: 200, step: 0.01), "100.0 samples in a second"),
            (try recording("time,x,y,z", rows: 200, step: 0), "samples in a second"),
        ] {
            let error = #expect(throws: InputError.self) { try classifier.classify([recording]) }
            #expect(error?.description.contains(hint) == true, "\(error?.description ?? "")")
        }
    }
}
