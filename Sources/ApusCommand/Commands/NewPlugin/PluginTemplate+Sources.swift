extension PluginTemplate {
    /// The type of what is classified.
    private var input: String {
        switch names.modality {
        case .text: "String"
        case .image: "Image"
        case .audio: "Waveform"
        case .new: "\(names.prefix)Input"
        }
    }

    private var task: String { names.modality == .text ? "classify-text" : "classify" }

    private var protocolName: String {
        switch names.modality {
        case .text: "TextClassifying"
        case .image: "ImageClassifying"
        case .audio, .new: "Classifying"
        }
    }

    var plugin: String {
        let reader = if case .new = names.modality { "        try registry.register(\(names.prefix)Reader())\n" } else { "" }
        return #"""
            import Apus

            /// What the plugin adds to Apus.
            public enum \#(names.plugin): Plugin {
                public static let name = "\#(names.word)"

                public static func register(in registry: inout Registry) throws {
            \#(reader)        try registry.register(\#(names.prefix)Family.self)
                    registry.register(starterModel: "\#(names.starter)", for: "\#(task)")
                }
            }

            """#
    }

    var reader: String {
        guard case .new(let word) = names.modality else { return "" }
        return #"""
            import Apus

            /// What a file holds: numbers, in order.
            public struct \#(names.prefix)Input: Sendable, Hashable {
                public var numbers: [Float]

                public init(numbers: [Float]) { self.numbers = numbers }
            }

            /// Reads files of numbers with white space between them.
            public struct \#(names.prefix)Reader: Reader {
                public static let kind = "\#(word)"
                public static let fileTypes: Set = ["\#(word)"]

                public init() {}

                /// - Throws: `InputError` naming what is no number, or if there are none or too many.
                public func read(_ file: InputFile, limits: ReadingLimits) throws -> \#(names.prefix)Input {
                    let limit = limits.maximumElements ?? 1_000_000
                    let bytes = try file.bytes(atMost: 1 << 26)
                    func failure(_ found: String, needed: String) -> InputError {
                        InputError(file.name, found: found, needed: needed, remedy: "Check that this is the right file")
                    }
                    guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("no text", needed: "UTF-8") }
                    var numbers: [Float] = []
                    for word in text.split(whereSeparator: \.isWhitespace) {
                        guard let number = Float(word), abs(number) <= 1e9 else {
                            throw failure("“\(word.prefix(20))”", needed: "a number from -1e9 to 1e9")
                        }
                        guard numbers.count < limit else { throw failure("more than \(limit) numbers", needed: "at most that") }
                        numbers.append(number)
                    }
                    guard !numbers.isEmpty else { throw failure("no numbers", needed: "at least one") }
                    return \#(names.prefix)Input(numbers: numbers)
                }
            }

            """#
    }

    var converter: String {
        let (about, body) = conversion
        return #"""
            import Apus

            /// Makes 16 patches of 16 numbers of an input: \#(about).
            public struct \#(names.prefix)Converter: Sendable {
                /// How many patches there are, and how many numbers in each.
                public static let patchCount = 16, patch = 16

                public init() {}

                /// - Returns: `[1, patches, patch]`.
                public func callAsFunction(_ input: \#(input)) -> Tensor {
                    let count = Self.patchCount * Self.patch
            \#(body)
                    return Tensor(numbers, shape: [1, Self.patchCount, Self.patch])
                }
            }

            """#
    }

    private var conversion: (about: String, body: String) {
        switch names.modality {
        case .text:
            (
                "the bytes of the text, from -1 to 1",
                """
                        let bytes = input.utf8.prefix(count).map { Float($0) / 127.5 - 1 }
                        let numbers = bytes + Array(repeating: 0, count: count - bytes.count)
                """
            )
        case .image:
            (
                "the green of 16 × 16 places in the image, from -1 to 1",
                """
                        let numbers = (0..<count).map { index in
                            let row = index / Self.patch * input.height / Self.patchCount
                            let column = index % Self.patch * input.width / Self.patch
                            return Float(input.pixels[3 * (row * input.width + column) + 1]) / 127.5 - 1
                        }
                """
            )
        case .audio:
            (
                "how loud the sound is in 256 stretches of it",
                """
                        let numbers = (0..<count).map { index in
                            let start = index * input.samples.count / count, end = (index + 1) * input.samples.count / count
                            return input.samples[start..<end].reduce(0) { $0 + abs($1) } / Float(max(1, end - start))
                        }
                """
            )
        case .new:
            (
                "its first 256 numbers, each squeezed to between -1 and 1",
                """
                        let some = input.numbers.prefix(count).map { $0 / (1 + abs($0)) }
                        let numbers = some + Array(repeating: 0, count: count - some.count)
                """
            )
        }
    }

    var embedding: String {
        #"""
        import Apus

        /// Makes a vector of each patch.
        public struct \#(names.prefix)Embedding: Sendable {
            private let projection: Linear

            /// Loads `projection`, whose weight is `[width, patch]`.
            ///
            /// - Throws: `InputError` naming the tensor that is missing or has another shape.
            public init(patch: Int, width: Int, _ weights: Weights) throws {
                projection = try Linear(patch, width, weights["projection"])
            }

            /// `[batch, patches, patch]` to `[batch, patches, width]`.
            public func callAsFunction(_ features: Tensor) -> Tensor { projection(features) }
        }

        """#
    }

    var family: String {
        #"""
        import Apus

        /// A Transformer whose last states, on average, tell the label.
        public struct \#(names.prefix)Family: \#(protocolName) {
            public static let modelTypes: Set = ["\#(names.word)"]

            private let converter = \#(names.prefix)Converter()  // \#(input) → [1, patches, patch]
            private let embedding: \#(names.prefix)Embedding  // → [batch, patches, width]
            private let transformer: Transformer
            private let head: Linear  // → [batch, labels]
            private let labels: Labels

            /// The features of one input.
            private static let shape = [\#(names.prefix)Converter.patchCount, \#(names.prefix)Converter.patch]

            public init(_ checkpoint: Checkpoint) throws {
                let encoder = try EncoderConfiguration(checkpoint), weights = try checkpoint.weights
                var backbone = encoder.backbone
                backbone.positions = .learned(count: \#(names.prefix)Converter.patchCount)
                embedding = try \#(names.prefix)Embedding(
                    patch: \#(names.prefix)Converter.patch, width: encoder.width, weights)
                transformer = try Transformer(backbone, weights, names: .published)
                labels = try Labels(checkpoint)
                head = try labels.classifier(encoder.width, weights["classifier"], of: checkpoint)
            }

            public func classify(_ inputs: [\#(input)]) throws -> [[Classification]] {
                if inputs.isEmpty { return [] }
                let features = Tensor.concatenated(inputs.map { converter($0) }, along: 0)
                return labels.ranked(head(try transformer.encode(embedding(features)).mean(along: 1)))
            }

            public func forward(_ inputs: NamedTensors, detail: ForwardDetail) throws -> NamedTensors {
                let features = try inputs.numbers("features", ["batch"] + Self.shape.map(Extent.exactly))
                var outputs: NamedTensors = [:]
                let states = try transformer.encode(
                    embedding(features), observe: detail == .layers ? { outputs["hidden.\($0)"] = $1 } : nil)
                outputs["logits"] = head(states.mean(along: 1))
                if detail != .answer { outputs["last_hidden_state"] = states }
                return outputs
            }

            public func exampleInputs(batchSize: Int) -> NamedTensors {
                ["features": Tensor(exampleOf: [batchSize] + Self.shape)]
            }

            public static func summary(of checkpoint: Checkpoint) throws -> ModelSummary {
                ModelSummary(tasks: ["\#(task)"], sizes: try EncoderConfiguration(checkpoint).sizes)
            }
        }

        extension TransformerNames {
            /// Where the weights of each slot stand in the checkpoint.
            fileprivate static let published = TransformerNames(
                positions: "positions", layers: "layers", finalNorm: "norm",
                layer: Layer(
                    attentionNorm: "attention_norm", input: .separate(query: "query", key: "key", value: "value"),
                    attentionOutput: "output", feedForwardNorm: "feed_forward_norm", feedForwardInput: "inner",
                    feedForwardOutput: "outer"))
        }

        """#
    }

    var tests: String {
        let isNew = if case .new = names.modality { true } else { false }
        let readerTest =
            isNew
            ? #"""

                @Test("the reader survives broken files")
                func reader() throws {
                    try Conformance.checkReader(\#(names.prefix)Reader(), on: [path("\#(exampleFile?.path ?? "")")])
                }

            """# : "\n"
        return #"""
            import Apus
            import Foundation
            import PluginKitTesting
            import Testing
            import \#(names.plugin)

            @Suite("\#(names.plugin)")
            struct \#(names.plugin)Tests {
                private let plugins: [any Plugin.Type] = Apus.plugins + [\#(names.plugin).self]

                private let inputs: [\#(input)] = [
                    \#(sample.joined(separator: ",\n        ")),
                ]

                private func path(_ name: String) -> String {
                    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(name)").standardized.path
                }

                private var model: String { path("Sources/\#(names.plugin)/\#(names.starter)") }

                @Test("it registers beside the built-in plugins")
                func registration() throws {
                    try Conformance.checkRegistration(of: \#(names.plugin).self, besides: Apus.plugins)
                }
            \#(readerTest)    @Test("the converter makes patches")
                func converter() throws {
                    let converter = \#(names.prefix)Converter()
                    try Conformance.checkConverter(on: inputs, shape: [1, 16, 16], converter.callAsFunction)
                }

                @Test("the embedding makes a vector of each patch")
                func embedding() throws {
                    let embedding = try \#(names.prefix)Embedding(
                        patch: 16, width: \#(StarterWeights.width), Checkpoint(folder: model).weights)
                    try Conformance.checkEmbedding(
                        of: [16, 16], positions: 16, width: \#(StarterWeights.width), embedding.callAsFunction)
                }

                @Test("the model runs, and broken ones are refused")
                func family() throws {
                    try Conformance.checkModel(in: model, plugins: plugins)
                    try Conformance.checkDamagedCheckpoints(of: model, plugins: plugins)
                }

                @Test("every input gets all labels, with probabilities that add up to one")
                func answers() throws {
                    let registry = try Registry(plugins: plugins)
                    let model = try registry.load(Checkpoint(folder: model), as: \#(names.prefix)Family.self)
                    for answer in try model.classify(inputs) {
                        #expect(Set(answer.map(\.label)) == ["one", "other"])
                        #expect(abs(answer.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
                    }
                }
            }

            """#
    }

    /// Two inputs, for the tests.
    private var sample: [String] {
        switch names.modality {
        case .text: [#""""#, #""What a day""#]
        case .image:
            [
                "Image(width: 1, height: 1, pixels: [1, 2, 3])!", "Image(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])!",
            ]
        case .audio:
            ["Waveform(samples: [], sampleRate: 16_000)", "Waveform(samples: [0.1, -0.2], sampleRate: 16_000)"]
        case .new: ["\(names.prefix)Input(numbers: [1])", "\(names.prefix)Input(numbers: [-3, 0, 1e9])"]
        }
    }
}
