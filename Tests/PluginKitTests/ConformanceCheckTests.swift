import AttentionEngine
import PluginKit
import PluginKitTesting
import Testing

/// Readers and parts that break their promises, each in one way.
@Suite("Conformance checks find what is wrong")
struct ConformanceCheckTests {
    private struct Digits: Reader {
        static let kind = "digits"
        static let fileTypes: Set = ["digits"]
        var isSound = true

        func read(_ file: InputFile, limits: ReadingLimits) throws -> [Int] {
            let bytes = try file.bytes()
            if !isSound, bytes.count == 1 { throw CancellationError() }
            guard !bytes.isEmpty, bytes.allSatisfy({ (48...57).contains($0) }) else {
                throw InputError(file.name, found: "no digits", needed: "some", remedy: "Write some")
            }
            if let limit = limits.maximumElements, bytes.count > limit {
                throw InputError(file.name, found: "too many", needed: "\(limit)", remedy: "Write fewer")
            }
            return bytes.map { Int($0) - 48 }
        }
    }

    private struct Boundless: Reader {
        static let kind = "digits"
        static let fileTypes: Set = ["digits"]
        func read(_ file: InputFile, limits: ReadingLimits) throws -> [UInt8] { try file.bytes() }
    }

    private struct Misnamed: Reader {
        static let kind = "digits"
        static let fileTypes: Set = [".Digits"]
        func read(_ file: InputFile, limits: ReadingLimits) throws -> [UInt8] { try file.bytes() }
    }

    @Test("a sound reader passes; one that throws something else, knows no limits or has a bad file type does not")
    func readers() throws {
        let file = try TemporaryFolder()
        let path = try file.write("0123456789", to: "a.digits")
        try Conformance.checkReader(Digits(), on: [path])
        let other = #expect(throws: ConformanceFailure.self) { try Conformance.checkReader(Digits(isSound: false), on: [path]) }
        #expect(other?.description.contains("CancellationError") == true)
        let boundless = #expect(throws: ConformanceFailure.self) { try Conformance.checkReader(Boundless(), on: [path]) }
        #expect(boundless?.description.contains("limits") == true)
        #expect(throws: ConformanceFailure.self) { try Conformance.checkReader(Misnamed(), on: [path]) }
        #expect(throws: ConformanceFailure.self) { try Conformance.checkReader(Digits(), on: []) }
    }

    @Test("converters and embeddings of another shape, with NaN, or that mix the rows of a batch")
    func shapes() throws {
        try Conformance.checkConverter(on: [1, 2], shape: ["windows", 3]) { Tensor(repeating: 1, shape: [$0, 3]) }
        #expect(throws: ConformanceFailure.self) {
            try Conformance.checkConverter(on: [1], shape: ["windows", 4]) { Tensor(repeating: 1, shape: [$0, 3]) }
        }
        #expect(throws: ConformanceFailure.self) {
            try Conformance.checkConverter(on: [1], shape: [1]) { Tensor(repeating: .nan, shape: [$0]) }
        }
        try Conformance.checkEmbedding(of: [4, 8], positions: 4, width: 8) { $0 }
        #expect(throws: ConformanceFailure.self) { try Conformance.checkEmbedding(of: [4, 8], positions: 5, width: 8) { $0 } }
        let mixing = #expect(throws: ConformanceFailure.self) {
            try Conformance.checkEmbedding(of: [1, 8], positions: 1, width: 8) { features in
                features.adding(features.mean(along: 0).reshaped(to: [1, 8]).scaled(by: Float(features.shape[0])))
            }
        }
        #expect(mixing?.description.contains("batch") == true)
    }

    private struct Doubling: ModelFamily {
        static let modelTypes: Set = ["doubling"]
        var factor: Float = 2

        init(factor: Float) { self.factor = factor }
        init(_ checkpoint: Checkpoint) throws {}

        func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
            ["doubled": try inputs.numbers("number", ["batch"]).scaled(by: factor)]
        }
        func exampleInputs(batchSize: Int) -> NamedTensors { ["number": Tensor(exampleOf: [batchSize])] }
    }

    @Test("numbers that are not the reference's, and tensors that do not come out, are named")
    func parity() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/golden.safetensors"
        let number = Tensor([1, -2, 3] as [Float], shape: [3])
        try SafetensorsWriter.write([("number", number), ("doubled", number.scaled(by: 2))], to: path)
        try Conformance.checkParity(of: Doubling(factor: 2), with: path)
        let wrong = #expect(throws: ConformanceFailure.self) {
            try Conformance.checkParity(of: Doubling(factor: 2.1), with: path)
        }
        #expect(wrong?.description.hasPrefix("Doubling: doubled differs by 0.04") == true)
        #expect(throws: ConformanceFailure.self) { try Conformance.checkParity(of: Doubling(factor: .nan), with: path) }
        try SafetensorsWriter.write([("number", number), ("tripled", number)], to: path)
        let missing = #expect(throws: ConformanceFailure.self) {
            try Conformance.checkParity(of: Doubling(factor: 2), with: path)
        }
        #expect(missing?.description.contains("tripled does not come out") == true)
    }

    @Test("the name and the tasks of a family are its type's unless it says otherwise")
    func defaults() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "doubling"}"#, to: "config.json")
        #expect(Doubling.name == "Doubling")
        #expect(try Doubling.summary(of: Checkpoint(folder: folder.path)).tasks.isEmpty)
    }
}
