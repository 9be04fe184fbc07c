import AttentionEngine
import Foundation
@testable import ImagePlugin
import PluginKit
import Testing

@Suite("Converting images")
struct ImageConverterTests {
    private struct Case: Decodable {
        enum CodingKeys: CodingKey { case kind, configuration, shape, places, values }

        let converter: ImageConverter
        let shape, places: [Int]
        let values: [Float]

        init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            shape = try keys.decode([Int].self, forKey: .shape)
            places = try keys.decode([Int].self, forKey: .places)
            values = try keys.decode([Float].self, forKey: .values)
            converter =
                if try keys.decode(String.self, forKey: .kind) == "timm" {
                    try ImageConverter(
                        pretrained: keys.decode(TimmPretrainedConfiguration.self, forKey: .configuration), file: "")
                } else {
                    try ImageConverter(
                        preprocessor: keys.decode(PreprocessorConfiguration.self, forKey: .configuration), file: "")
                }
        }
    }

    private static func converter(_ json: String) throws -> ImageConverter {
        let configuration = try JSONDecoder().decode(PreprocessorConfiguration.self, from: Data(json.utf8))
        return try ImageConverter(preprocessor: configuration, file: "preprocessor_config.json")
    }

    private static func timm(_ json: String) throws -> ImageConverter {
        let configuration = try JSONDecoder().decode(TimmPretrainedConfiguration.self, from: Data(json.utf8))
        return try ImageConverter(pretrained: configuration, file: "config.json")
    }

    private static func image() throws -> Image {
        let path = Fixtures.folder.appending(path: "conversions.ppm").path
        return try ImageReader().read(InputFile(path: path), limits: ReadingLimits())
    }

    @Test("the numbers are those of transformers and timm")
    func equalsReference() throws {
        let image = try Self.image()
        for (index, expected) in try Fixtures.table("conversions.json", as: [Case].self).enumerated() {
            let tensor = try expected.converter([image])
            try #require(tensor.shape == expected.shape, "case \(index)")
            let numbers = tensor.floats
            for (place, value) in zip(expected.places, expected.values) {
                #expect(abs(numbers[place] - value) <= 1e-6 * max(1, abs(value)), "case \(index) at \(place)")
            }
            if let size = expected.converter.outputSize { #expect([size.height, size.width] == Array(expected.shape.suffix(2))) }
        }
    }

    @Test("the images of a batch stand one behind another, each as if alone")
    func batch() throws {
        let converter = try Self.converter(#"{"image_processor_type": "ViTImageProcessor", "size": 16}"#)
        let image = try Self.image()
        let other = image.resized(width: 20, height: 50, filter: .box)
        let both = try converter([image, other])
        #expect(both.shape == [2, 3, 16, 16])
        #expect(both.floats == (try converter([image]).floats) + (try converter([other]).floats))
    }

    @Test("images that come out in different sizes cannot form a batch, and the error says so")
    func mixedSizes() throws {
        let converter = try Self.converter(#"{"image_processor_type": "SiglipImageProcessor", "size": 16}"#)
        #expect(converter.outputSize == nil)
        let image = try Self.image()
        let error = #expect(throws: InputError.self) {
            try converter([image, image.resized(width: 20, height: 50, filter: .box)])
        }
        #expect(error?.remedy == "Use a batch size of 1")
    }

    @Test("the steps are told in words")
    func steps() throws {
        let converter = try Self.converter(#"{"image_processor_type": "DeiTImageProcessor", "size": 128, "crop_size": 112}"#)
        #expect(
            converter.steps == [
                "resize to 128 × 128, bicubic", "crop 112 × 112 from the middle", "scale by 1/255",
                "normalize with mean 0.5 0.5 0.5 and deviation 0.5 0.5 0.5",
            ])
    }

    @Test(
        "a hostile preprocessor is refused with its key",
        arguments: [
            ("size", #"{"size": 0}"#), ("size", #"{"size": -5}"#), ("size", #"{"size": 9223372036854775807}"#),
            ("size", #"{"size": {"height": 16385, "width": 1}}"#),
            ("size", #"{"size": {"shortest_edge": 4, "longest_edge": 0}}"#),
            ("crop_size", #"{"do_center_crop": true}"#),
            ("crop_size", #"{"do_center_crop": true, "crop_size": {"shortest_edge": 4}}"#),
            ("resample", #"{"resample": 6}"#), ("resample", #"{"resample": -1}"#), ("image_std", #"{"image_std": 0}"#),
            ("image_std", #"{"image_std": [1, 1e-300, 1]}"#), ("image_mean", #"{"image_mean": [1, 2]}"#),
            ("image_mean", #"{"image_mean": 1e300}"#), ("rescale_factor", #"{"rescale_factor": 0}"#),
            ("do_pad", #"{"do_pad": true}"#),
            ("image_processor_type", #"{"image_processor_type": "SamImageProcessor"}"#),
            ("crop_pct", #"{"image_processor_type": "ConvNextImageProcessor", "size": 30, "crop_pct": 0}"#),
            ("size", #"{"image_processor_type": "ConvNextImageProcessor", "size": {"height": 3, "width": 3}}"#),
        ])
    func hostilePreprocessor(key: String, json: String) {
        let error = #expect(throws: InputError.self) { try Self.converter(json) }
        #expect(error?.place == "preprocessor_config.json, \(key)")
    }

    @Test(
        "a hostile pretrained_cfg is refused with its key",
        arguments: [
            ("input_size", #"{"input_size": [1, 28, 28]}"#), ("input_size", #"{"input_size": []}"#),
            ("input_size", #"{"input_size": [3, 0, 8]}"#), ("crop_pct", #"{"crop_pct": 1e-9}"#),
            ("crop_pct", #"{"crop_pct": -1}"#),
            ("interpolation", #"{"interpolation": "random"}"#), ("crop_mode", #"{"crop_mode": "random"}"#),
            ("std", #"{"std": [1, 0, 1]}"#), ("mean", #"{"mean": [1, 2]}"#),
        ])
    func hostilePretrained(key: String, json: String) {
        let error = #expect(throws: InputError.self) { try Self.timm(json) }
        #expect(error?.place == "config.json, \(key)")
    }

    @Test("an image too narrow to be resized is refused, not given the world's memory")
    func extremeAspect() throws {
        let line = try #require(Image(width: 1_000_000, height: 1, pixels: Array(repeating: 0, count: 3_000_000)))
        let clip = try Self.converter(#"{"image_processor_type": "CLIPImageProcessor"}"#)
        #expect(throws: InputError.self) { try clip([line]) }
        let border = try Self.timm(#"{"crop_mode": "border"}"#)
        #expect(throws: InputError.self) { try border([line]) }
    }
}
