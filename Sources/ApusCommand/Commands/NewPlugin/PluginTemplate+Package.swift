extension PluginTemplate {
    var package: String {
        #"""
        // swift-tools-version: 6.2

        import PackageDescription

        let package = Package(
            name: "\#(names.plugin)",
            platforms: [.macOS(.v15)],
            products: [
                .library(name: "\#(names.plugin)", targets: ["\#(names.plugin)"]),
                .executable(name: "\#(names.program)", targets: ["\#(names.program)"]),
            ],
            dependencies: [
                \#(apus.dependency)
            ],
            targets: [
                .target(
                    name: "\#(names.plugin)", dependencies: [.product(name: "Apus", package: "\#(apus.package)")],
                    resources: [.copy("\#(names.starter)")]),
                .executableTarget(
                    name: "\#(names.program)",
                    dependencies: ["\#(names.plugin)", .product(name: "ApusCommand", package: "\#(apus.package)")]),
                .testTarget(
                    name: "\#(names.plugin)Tests",
                    dependencies: ["\#(names.plugin)", .product(name: "PluginKitTesting", package: "\#(apus.package)")]),
            ]
        )

        """#
    }

    var program: String {
        """
        import Apus
        import ApusCommand
        import \(names.plugin)

        await ApusCommand.main(plugins: Apus.plugins + [\(names.plugin).self])

        """
    }

    var configuration: String {
        """
        {
          "model_type": "\(names.word)",
          "hidden_size": \(StarterWeights.width),
          "num_hidden_layers": \(StarterWeights.layers),
          "num_attention_heads": 2,
          "intermediate_size": \(StarterWeights.innerWidth),
          "layer_norm_eps": 1e-5,
          "id2label": {"0": "one", "1": "other"}
        }

        """
    }

    var readme: String {
        """
        # \(names.plugin)

        A plugin for Apus\(about). Its model, `\(names.starter)`, has random weights: it shows the way, and its answers mean nothing.

        ```sh
        swift test
        swift run \(names.program) \(trial)
        ```

        What to change, in the order of the data:

        \(steps.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n"))

        The guide of Apus says how each part works, and how to check a model against its reference.

        """
    }

    private var about: String {
        switch names.modality {
        case .text: ", with a model family that classifies texts"
        case .image: ", with a model family that classifies images"
        case .audio: ", with a model family that classifies sound"
        case .new(let word): ", with a new modality: files that end in .\(word)"
        }
    }

    private var steps: [String] {
        var steps = [
            "`\(names.prefix)Converter.swift`: what a model sees of an input, as numbers of one shape.",
            "`\(names.prefix)Embedding.swift`: how those become vectors, `[batch, positions, width]`.",
            "`\(names.prefix)Family.swift`: the keys of `config.json`, the Transformer that follows, the names of the weights.",
            "`\(names.starter)/`: a checkpoint of your own in the Hugging Face layout, and beside the tests what its reference answers.",
        ]
        if case .new = names.modality {
            steps.insert("`\(names.prefix)Reader.swift`: how a file becomes a value, and what is wrong with a broken one.", at: 0)
        }
        return steps
    }
}
