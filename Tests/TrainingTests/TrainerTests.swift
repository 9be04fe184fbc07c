import AttentionEngine
import Foundation
import ImagePlugin
import PluginKit
import Synchronization
import Testing
import Training

@Suite("Trainer")
struct TrainerTests {
    /// The pictures of a small fixture, with noise.
    private struct Pictures: TrainingTask {
        let parameters: ParameterStore
        let trainingIndices = Array(0..<11)
        let batchPlan = BatchPlan.count(3)
        let loading: @Sendable (Int, UInt64) throws -> [Float]
        let model: ViTFamily
        let checkpoint: Checkpoint
        let shape: [Int]
        let labels: [Int]
        var spoiltFrom = Int.max
        let calls = Counter()

        init(broken: Set<Int> = [], seed: UInt64 = 5) throws {
            let fixture = try TrainingFixture("vit")
            let pixels = try #require(try fixture.inputs["pixel_values"])
            let (elements, count) = (pixels.floats, pixels.count / pixels.shape[0])
            let pictures = pixels.shape[0]
            (shape, labels) = (Array(pixels.shape.dropFirst()), try fixture.targets)
            (checkpoint, parameters) = fixture.checkpoint.trainable(
                drawing: try ViTFamily.initialization(of: fixture.checkpoint), seed: seed)
            model = try ViTFamily(checkpoint)
            loading = { index, seed in
                if broken.contains(index) {
                    throw InputError("picture \(index)", found: "no pixels", needed: "some", remedy: "Draw it")
                }
                var generator = SeededGenerator(state: seed)
                let start = index % pictures * count
                return [Float(index % pictures)]
                    + elements[start..<start + count].map { $0 + Float.random(in: -0.1...0.1, using: &generator) }
            }
        }

        func name(of index: Int) -> String { "picture-\(index)" }

        func loss(of batch: [[Float]], seed: UInt64) throws -> Tensor {
            let pixels = Tensor(batch.flatMap { $0.dropFirst() }, shape: [batch.count] + shape)
            let logits = try #require(try model.forward(["pixel_values": pixels], detail: .answer)["logits"])
            let loss = try Loss.crossEntropy(logits, batch.map { labels[Int($0[0])] })
            return calls.next() >= spoiltFrom ? loss.scaled(by: .nan) : loss
        }

        func validate(progress: (Double) -> Void) throws -> [TrainingMeasure] {
            progress(1)
            let norm = parameters.parameters.reduce(0.0) { $0 + $1.value.floats.reduce(0.0) { $0 + Double($1 * $1) } }
            return [TrainingMeasure("size", norm, isBetterHigher: true)]
        }

        func save(to folder: String) throws { try checkpoint.save(parameters, to: folder) }

        var elements: [String: [Float]] {
            Dictionary(uniqueKeysWithValues: parameters.parameters.map { ($0.name, $0.value.floats) })
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock(\.self) }
        @discardableResult func next() -> Int {
            count.withLock { count in
                defer { count += 1 }
                return count
            }
        }
    }

    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func settings(_ change: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.epochs, settings.learningRate, settings.seed) = (3, 3e-3, 7)
        settings.regularization = Regularization(dropout: 0.1, stochasticDepth: 0.1)
        change(&settings)
        return settings
    }

    private func other(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        return "\(folder)/\(name)"
    }

    @Test(
        "goes on after a stop to the same weights, bit for bit",
        arguments: [TrainingSettings.OptimizerKind.adamw, .sgd, .lion], [1, 2])
    func resuming(_ optimizer: TrainingSettings.OptimizerKind, accumulation: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = settings {
            ($0.optimizer, $0.accumulation, $0.average) = (optimizer, accumulation, 0.9)
            if optimizer == .lion { $0.learningRate = 3e-4 }
        }
        let whole = try Pictures()
        let straight = try Trainer(whole, settings: settings, folder: try other("whole")).run()
        #expect(straight.isComplete)

        let steps = Counter(), first = try Pictures(), parts = try other("parts")
        let stopped = try Trainer(first, settings: settings, folder: parts)
            .run(shouldStop: { steps.next() >= 2 })
        #expect(!stopped.isComplete)
        // The model begins elsewhere; everything comes from the state.
        let second = try Pictures(seed: 99)
        let rest = try Trainer(second, settings: settings, folder: parts, resumes: true, workers: 1).run()
        #expect(rest.isComplete)
        let (expected, found) = (whole.elements, second.elements)
        #expect(expected.keys == found.keys)
        for (name, elements) in expected { #expect(found[name]?.elementsEqual(elements) == true, "\(name)") }
        #expect(straight.best == rest.best)
        let logs = try ["whole", "parts"].map { name in
            try String(contentsOfFile: "\(folder)/\(name)/training-log.jsonl", encoding: .utf8).split(separator: "\n").count
        }
        #expect(logs[0] == logs[1])
    }

    @Test("goes on from the state saved last, however the run ended")
    func killed() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = settings { $0.savingInterval = 3 }
        let whole = try Pictures()
        try Trainer(whole, settings: settings, folder: try other("whole")).run()
        var first = try Pictures()
        first.spoiltFrom = 8
        let parts = try other("parts")
        #expect(throws: InputError.self) { try Trainer(first, settings: settings, folder: parts).run() }
        let second = try Pictures()
        try Trainer(second, settings: settings, folder: parts, resumes: true).run()
        for (name, elements) in whole.elements { #expect(second.elements[name]?.elementsEqual(elements) == true, "\(name)") }
    }

    @Test("a loss that is no number stops the run, names step and examples, and leaves model and state")
    func diverging() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var task = try Pictures()
        task.spoiltFrom = 5
        let trainer = try Trainer(task, settings: settings(), folder: folder)
        let error = #expect(throws: InputError.self) { try trainer.run() }
        #expect("\(try #require(error))".contains("step 6"))
        #expect("\(try #require(error))".contains("picture-"))
        _ = try ViTFamily(Checkpoint(folder: folder))
        #expect(FileManager.default.fileExists(atPath: "\(folder)/training-state.safetensors"))
    }

    @Test("examples that cannot be read are told of once and left out")
    func broken() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let skipped = Counter()
        try Trainer(Pictures(broken: [2, 7]), settings: settings(), folder: folder).run(report: { event in
            if case .skipped(let name, _) = event, ["picture-2", "picture-7"].contains(name) { skipped.next() }
        })
        #expect(skipped.value == 2)
        let all = try Pictures(broken: Set(0..<11))
        #expect(throws: InputError.self) { try Trainer(all, settings: settings(), folder: try other("none")).run() }
    }

    @Test("frozen parameters stay as they are")
    func freezing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let task = try Pictures(), before = task.elements
        task.parameters.freeze { $0.hasPrefix("vit.embeddings") }
        try Trainer(task, settings: settings(), folder: folder).run()
        for (name, elements) in task.elements {
            let isSame = before[name]?.elementsEqual(elements) == true
            if name.hasPrefix("vit.embeddings") { #expect(isSame, "\(name)") }
            if name == "classifier.weight" { #expect(!isSame, "\(name)") }
        }
    }

    @Test("a state of another run or another model is refused, and so is no state")
    func otherStates() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func message(_ settings: TrainingSettings) throws -> String {
            let error = #expect(throws: InputError.self) {
                try Trainer(Pictures(), settings: settings, folder: folder, resumes: true).run()
            }
            return "\(try #require(error))"
        }
        _ = try message(settings())
        try Trainer(Pictures(), settings: settings { $0.epochs = 1 }, folder: folder).run()
        #expect(try message(settings()).contains("epochs is 1, not 3"))
        let state = "\(folder)/training-state.safetensors"
        var bytes = try Data(contentsOf: URL(filePath: state))
        bytes.removeLast(100)
        try bytes.write(to: URL(filePath: state))
        _ = try message(settings { $0.epochs = 1 })
        try SafetensorsWriter.write([("training", Tensor(integers: [1, 2], shape: [2]))], to: state)
        #expect(try message(settings { $0.epochs = 1 }).contains("no state"))
    }

    @Test("settings out of their range are named")
    func ranges() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for change: (inout TrainingSettings) -> Void in [
            { $0.epochs = 0 }, { $0.learningRate = .nan }, { $0.average = 1 }, { $0.accumulation = -1 },
            { $0.regularization.dropout = 1 }, { $0.warmUp = 2 }, { $0.savingInterval = 0 },
        ] {
            #expect(throws: InputError.self) { try Trainer(Pictures(), settings: settings(change), folder: folder) }
        }
    }

    @Test("targets that are probabilities have the loss and the gradients of labels")
    func probabilities() throws {
        let scores = Tensor((0..<12).map { Float($0 * 7 % 5) * 0.4 - 1 }, shape: [3, 4]), labels = [1, 3, 0]
        func slope(_ loss: (Tensor) throws -> Tensor) throws -> (Float, [Float]) {
            let tape = GradientTape(), watched = tape.watch(scores)
            let value = try tape.record { try loss(watched).scaled(by: 2) }
            tape.backward(from: value)
            return (value.floats[0], try #require(tape.gradient(of: watched)).floats)
        }
        var targets = [Float](repeating: 0.1 / 4, count: 12)
        for (row, label) in labels.enumerated() { targets[4 * row + label] += 0.9 }
        let expected = try slope { try Loss.crossEntropy($0, labels, smoothing: 0.1) }
        let found = try slope { try Loss.crossEntropy($0, probabilities: targets) }
        #expect(abs(expected.0 - found.0) < 1e-5)
        #expect(zip(expected.1, found.1).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(throws: InputError.self) { try Loss.crossEntropy(scores, probabilities: [1]) }
    }
}
