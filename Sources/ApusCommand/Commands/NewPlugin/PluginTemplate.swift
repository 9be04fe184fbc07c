/// The files of a new plugin's package.
struct PluginTemplate {
    let names: PluginNames
    let apus: ApusLocation

    /// Where the model's weights stand, which are no text.
    var weightsFile: String { "\(sources)/\(names.starter)/model.safetensors" }

    private var sources: String { "Sources/\(names.plugin)" }

    /// Contents by path, but for the weights.
    var files: [String: [UInt8]] {
        var texts = [
            "Package.swift": package, "README.md": readme, ".gitignore": ".build/\nPackage.resolved\n.swiftpm/\n",
            "\(sources)/\(names.plugin).swift": plugin, "\(sources)/\(names.prefix)Converter.swift": converter,
            "\(sources)/\(names.prefix)Embedding.swift": embedding, "\(sources)/\(names.prefix)Family.swift": family,
            "\(sources)/\(names.starter)/config.json": configuration, "Sources/\(names.program)/main.swift": program,
            "Tests/\(names.plugin)Tests/\(names.plugin)Tests.swift": tests,
        ]
        if case .new = names.modality { texts["\(sources)/\(names.prefix)Reader.swift"] = reader }
        var files = texts.mapValues { Array($0.utf8) }
        if let example = exampleFile { files[example.path] = example.contents }
        return files
    }

    /// What to try first.
    var trial: String {
        switch names.modality {
        case .text: #"classify-text --model \#(names.starter) "What a day""#
        default: "classify --model \(names.starter) \(exampleFile?.path ?? "")"
        }
    }

    /// What is said once all is written.
    func farewell(_ folder: String) -> String {
        """
        \(folder): written. Next:
          cd \(folder)
          swift test
          swift run \(names.program) \(trial)

        """
    }

    /// An input of the modality, where it is a file.
    var exampleFile: (path: String, contents: [UInt8])? {
        switch names.modality {
        case .text: return nil
        case .image:
            let pixels: [UInt8] = (0..<32 * 32).flatMap { (index: Int) -> [UInt8] in
                [UInt8(index % 32 * 8), UInt8(index / 32 * 8), 128]
            }
            return ("Examples/example.ppm", Array("P6\n32 32\n255\n".utf8) + pixels)
        case .audio:
            return ("Examples/example.wav", Self.squareWave)
        case .new(let word):
            let numbers: [String] = (0..<256).map { index in String(index * 37 % 100) }
            return ("Examples/example.\(word)", Array((numbers.joined(separator: " ") + "\n").utf8))
        }
    }

    /// Half a second of sound in a WAV file: 8,000 samples a second, of 16 bits each.
    private static var squareWave: [UInt8] {
        func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        var sound = Array("WAVEfmt ".utf8)
        sound += bytes(UInt32(16))
        sound += bytes(UInt16(1))
        sound += bytes(UInt16(1))
        sound += bytes(UInt32(8_000))
        sound += bytes(UInt32(16_000))
        sound += bytes(UInt16(2))
        sound += bytes(UInt16(16))
        sound += Array("data".utf8)
        sound += bytes(UInt32(8_000))
        for index in 0..<4_000 { sound += bytes(Int16(index / 20 % 2 == 0 ? 8_000 : -8_000)) }
        return Array("RIFF".utf8) + bytes(UInt32(sound.count)) + sound
    }
}
